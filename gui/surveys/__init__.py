"""Surveys: a question put to every document, its progress, its table."""
