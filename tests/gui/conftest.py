"""The fixture that every test of the window uses."""

from tests.support.window import nothing_left_behind

__all__ = ["nothing_left_behind"]
