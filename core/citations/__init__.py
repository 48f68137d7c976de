"""Checks the cited sentences of an answer against the passages they cite, without a model. Used by core.chat and
core.survey."""
