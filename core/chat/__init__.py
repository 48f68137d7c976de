"""Turns of a conversation: gathers context, builds prompts, generates answers and stores them with their check. Used by
`core.workspace`, `core.survey`, the command line and the window."""
