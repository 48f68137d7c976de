"""The settings dialog and the About box."""
