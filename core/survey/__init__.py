"""Surveys: one question put to every selected document, row by row, with what was covered. Used by the window and the
command line."""
