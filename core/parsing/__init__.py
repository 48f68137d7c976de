"""Reads a file into text, blocks and page starts, in a confined worker process. Used by core.library, core.chunking."""
