"""Conversations: retrieve, prompt, stream, check citations, save."""
