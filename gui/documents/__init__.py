"""The document pane: the library's tree, search and its results, the opened document."""
