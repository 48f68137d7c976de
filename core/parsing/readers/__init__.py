"""One module a file format: bytes in, text and blocks out. Used by core.parsing.registry, in the worker process."""
