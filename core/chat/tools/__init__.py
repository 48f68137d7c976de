"""The read-only tools that a model may call while it answers, and how typed functions become tools. Used by
`core.chat`; `core.workspace` composes them."""
