"""Numbers as people read them: sizes, durations, dates."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QDate, QDateTime, QLocale

from core.i18n import ngettext, tr

MINUTE_S = 60
HOUR_S = 3600


def size(size_bytes: int) -> str:
    """In decimal units, as file managers and download pages give them."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{_number(value, 0 if unit == 'B' or value >= 100 else 1)} {unit}"
        value /= 1000
    return f"{_number(value, 1)} GB"


def memory(size_bytes: int) -> str:
    """Memory in binary gigabytes, which is how machines are sold: 16 GB of memory are 16 x 2^30 bytes."""
    return f"{_number(size_bytes / 2**30, 1)} GB"


def count(number: int) -> str:
    return QLocale().toString(number)


def time_left(seconds: float | None) -> str:
    """How long something will still take, no more exact than the guess is. Empty while unknown."""
    if seconds is None:
        return ""
    if seconds < 8:
        return tr("a few seconds left")
    if seconds < 90:
        return ngettext("{n} second left", "{n} seconds left", round(seconds / 5) * 5)
    if seconds < 90 * MINUTE_S:
        return ngettext("{n} minute left", "{n} minutes left", round(seconds / MINUTE_S))
    return ngettext("{n} hour left", "{n} hours left", round(seconds / HOUR_S))


def duration(seconds: float) -> str:
    """How long something took: "12 s", "2 min 5 s"."""
    whole = max(0, round(seconds))
    if whole < MINUTE_S:
        return tr("{seconds} s", seconds=whole)
    return tr("{minutes} min {seconds} s", minutes=whole // MINUTE_S, seconds=whole % MINUTE_S)


def about(seconds: float) -> str:
    """How long something will take, as a guess: "about 5 minutes"."""
    if seconds < 90:
        return tr("about a minute")
    if seconds < 90 * MINUTE_S:
        return ngettext("about {n} minute", "about {n} minutes", round(seconds / MINUTE_S))
    return ngettext("about {n} hour", "about {n} hours", round(seconds / HOUR_S))


def day(moment_s: float, today: datetime.date | None = None) -> str:
    """The day of a moment: "Today", "Yesterday", a weekday within the week, else the date."""
    date = datetime.date.fromtimestamp(moment_s)
    ago = ((today or datetime.date.today()) - date).days
    if ago <= 0:
        return tr("Today")
    if ago == 1:
        return tr("Yesterday")
    shown = QDate(date.year, date.month, date.day)
    if ago < 7:
        return QLocale().dayName(shown.dayOfWeek())
    return QLocale().toString(shown, QLocale.FormatType.ShortFormat)


def moment(moment_s: float) -> str:
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(moment_s)), QLocale.FormatType.ShortFormat)


def _number(value: float, digits: int) -> str:
    return QLocale().toString(value, "f", digits)
