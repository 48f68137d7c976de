"""The document pane: the library as a tree, search and its results, the opened document. Used by window and chat."""
