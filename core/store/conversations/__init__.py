"""Stored conversations, messages and measured model speeds. Used by core.chat and core.survey."""
