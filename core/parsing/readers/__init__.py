"""One module for each file format: bytes in, text and blocks out, in the worker process. Used by core.parsing.registry
and core.parsing.sniffing."""
