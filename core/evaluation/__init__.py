"""Measuring what a search finds against places that are known to hold the answer."""
