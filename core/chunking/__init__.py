"""Cuts a parsed document into passages along its structure. Used by core.library."""
