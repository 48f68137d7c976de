"""The models dialog, the card of a missing model, and actions on models. Used by the window and `gui.chat`."""
