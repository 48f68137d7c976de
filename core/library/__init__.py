"""Folders and documents: scanning, watching, indexing, embedding, OCR. Used by core.chat, core.survey and the window."""
