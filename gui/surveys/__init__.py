"""Surveys in the window: a new one, the progress and findings of one, the list. Used by the window."""
