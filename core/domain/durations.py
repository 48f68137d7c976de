"""Says in people's units how long something will still take."""

from __future__ import annotations

from core.i18n import ngettext, tr

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600
LONGEST_S = 30 * DAY_S  # beyond it, an estimate says nothing


def time_left(seconds: float | None) -> str:
    """How long something will still take, rounded as an estimate deserves; "" if unknown."""
    if seconds is None or not 0 <= seconds < LONGEST_S:
        return ""
    if seconds < 8:
        return tr("a few seconds left")
    if seconds < 90:
        return ngettext("{n} second left", "{n} seconds left", round(seconds / 5) * 5)
    if seconds < 90 * MINUTE_S:
        return ngettext("{n} minute left", "{n} minutes left", round(seconds / MINUTE_S))
    if seconds < 2 * DAY_S:
        return ngettext("{n} hour left", "{n} hours left", round(seconds / HOUR_S))
    return ngettext("{n} day left", "{n} days left", round(seconds / DAY_S))
