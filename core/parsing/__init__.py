"""Reads a file into text, blocks and page starts, in a confined worker process. Used by core.library and core.chunking,
and by core.cli, core.diagnosis and core.workspace for its pool, passwords and OCR languages."""
