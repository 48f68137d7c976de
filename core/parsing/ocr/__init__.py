"""Reads text from pictures with Tesseract. Used by core.parsing.registry and its readers, in the worker process."""
