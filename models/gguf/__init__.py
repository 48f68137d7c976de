"""Reads what a GGUF model file says about itself, without loading it. Used within models and by core.engines."""
