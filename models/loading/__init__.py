"""Decides how a model is loaded: what fits this machine's memory, and what is safe after a crash. Used by
models.chat_model and by core.engines and core.workspace."""
