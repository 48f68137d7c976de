"""The chat pane: conversations, messages, composer."""
