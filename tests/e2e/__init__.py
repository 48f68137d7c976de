"""Tests of the whole program on real parts: its command line, its window, and what happens when it is killed."""
