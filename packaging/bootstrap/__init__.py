"""Sets up Papermoor from its sources with nothing but Python's standard library; used by dev.py alone."""
