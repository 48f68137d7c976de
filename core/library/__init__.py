"""Folders and documents: what is there, what changed, and the index that follows it."""
