"""The chat in the window: conversations, messages, composer, running turns. Used by the window and `gui.surveys`."""
