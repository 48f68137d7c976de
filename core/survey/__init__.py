"""Surveys: a question put to every document of a selection, read part by part and answered with its coverage. Used by
`core.workspace`, the command line and the window."""
