"""The settings dialog and the About box. Opened by `gui.dialogs` only."""
