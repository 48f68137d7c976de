"""How the window looks: colours, style sheet, fonts, spacing, icons, and the small widgets. Used all over `gui`."""
