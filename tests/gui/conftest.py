"""What every test of the window shares."""

from tests.support.window import nothing_left_behind

__all__ = ["nothing_left_behind"]
