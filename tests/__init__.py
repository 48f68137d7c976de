"""The tests: unit/ gui/ e2e/ bench/ data/."""
