"""From a query to ranked passages: keywords and vectors, fused, reranked and joined. Used by core.chat,
core.evaluation, core.workspace and the window's search."""
