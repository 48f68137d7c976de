"""Reads text from pictures with Tesseract, in the worker process. Used by core.parsing.registry and the readers; its
languages also by core.library, core.cli and core.diagnosis."""
