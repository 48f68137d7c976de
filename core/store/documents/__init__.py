"""Stored folders, documents, texts and passages, and what is known about reading them. Used by core.library,
core.retrieval and core.chat."""
