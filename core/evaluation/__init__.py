"""Evaluation of retrieval on questions whose answers are known. Used by the command line and the benchmarks."""
