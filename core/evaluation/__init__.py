"""Measures what a search finds against passages known to hold the answer. Used by the command line and tests/bench."""
