"""Finds damage in a library, mends it, and backs up what cannot be made again. Used by core.workspace and core.cli."""
