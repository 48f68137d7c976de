"""Measures what this machine offers a model: memory, cores, graphics processors. Used within models and by
core.engines and core.diagnosis."""
