"""The values that cross rooms: documents, passages, locations, conversations, faults. Used everywhere in core and gui;
holds no service."""
