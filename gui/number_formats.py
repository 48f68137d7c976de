"""Sizes, counts, durations and dates as texts in the person's language."""

from __future__ import annotations

import datetime

from PySide6.QtCore import QDate, QDateTime, QLocale

from core.domain.durations import HOUR_S, MINUTE_S, time_left
from core.i18n import ngettext, tr

__all__ = ["time_left"]


def file_size(size_bytes: int) -> str:
    """A size in decimal units, as file managers and download pages give it: "12.1 GB"."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{_number(value, 0 if unit == 'B' or value >= 100 else 1)} {unit}"
        value /= 1000
    return f"{_number(value, 1)} GB"


def count(number: int) -> str:
    """A whole number with the language's group separators: "12,345"."""
    return QLocale().toString(number)


def duration(seconds: float) -> str:
    """How long something took: "12 s", "2 min 5 s"."""
    rounded = max(0, round(seconds))
    if rounded < MINUTE_S:
        return tr("{seconds} s", seconds=rounded)
    return tr("{minutes} min {seconds} s", minutes=rounded // MINUTE_S, seconds=rounded % MINUTE_S)


def rough_duration(seconds: float) -> str:
    """An estimate of how long something will take: "about 5 minutes"."""
    if seconds < 90:
        return tr("about a minute")
    if seconds < 90 * MINUTE_S:
        return ngettext("about {n} minute", "about {n} minutes", round(seconds / MINUTE_S))
    return ngettext("about {n} hour", "about {n} hours", round(seconds / HOUR_S))


def relative_day(timestamp_s: float, today: datetime.date | None = None) -> str:
    """The local day of a Unix time: "Today", "Yesterday", a weekday within the last week, else the date."""
    date = datetime.date.fromtimestamp(timestamp_s)
    days_ago = ((today or datetime.date.today()) - date).days
    if days_ago <= 0:
        return tr("Today")
    if days_ago == 1:
        return tr("Yesterday")
    qt_date = QDate(date.year, date.month, date.day)
    if days_ago < 7:
        return QLocale().dayName(qt_date.dayOfWeek())
    return QLocale().toString(qt_date, QLocale.FormatType.ShortFormat)


def date_and_time(timestamp_s: float) -> str:
    """A Unix time as local date and time, in short form."""
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(timestamp_s)), QLocale.FormatType.ShortFormat)


def _number(value: float, digits: int) -> str:
    return QLocale().toString(value, "f", digits)
