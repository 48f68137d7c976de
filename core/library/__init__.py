"""Folders and documents: scanning, watching, indexing, embedding, OCR. Used by core.chat, core.survey,
core.evaluation, core.workspace and gui."""
