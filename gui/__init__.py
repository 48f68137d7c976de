"""The window: the only package that imports PySide6. Started by `papermoor` without a command."""
