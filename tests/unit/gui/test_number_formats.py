"""Sizes, counts, durations and dates as people read them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale

from gui import number_formats

TUESDAY = datetime.date(2026, 12, 1)


@pytest.fixture(autouse=True)
def american_english() -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(999, "999 B"), (1_500, "1.5 kB"), (120_400, "120 kB"), (12_345_678, "12.3 MB"), (12_109_000_000, "12.1 GB")],
)
def test_sizes_are_in_decimal_units(size_bytes: int, text: str) -> None:
    assert number_formats.file_size(size_bytes) == text


def test_counts_have_group_separators() -> None:
    assert number_formats.count(1_234_567) == "1,234,567"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (7.9, "a few seconds left"),
        (62, "60 seconds left"),
        (90, "2 minutes left"),
        (89 * 60, "89 minutes left"),
        (2 * 3600, "2 hours left"),
    ],
)
def test_the_time_left_is_rounded(seconds: float | None, text: str) -> None:
    assert number_formats.time_left(seconds) == text


def test_durations_are_exact_and_estimates_are_not() -> None:
    assert number_formats.duration(-0.2) == "0 s"
    assert number_formats.duration(59.4) == "59 s"
    assert number_formats.duration(125) == "2 min 5 s"
    assert number_formats.rough_duration(89) == "about a minute"
    assert number_formats.rough_duration(310) == "about 5 minutes"
    assert number_formats.rough_duration(3 * 3600) == "about 3 hours"


@pytest.mark.parametrize(
    ("days_ago", "text"), [(-1, "Today"), (0, "Today"), (1, "Yesterday"), (6, "Wednesday"), (7, "11/24/26")]
)
def test_a_day_is_named_by_how_long_ago_it_is(days_ago: int, text: str) -> None:
    noon = datetime.datetime.combine(TUESDAY - datetime.timedelta(days=days_ago), datetime.time(12))
    assert number_formats.relative_day(noon.timestamp(), TUESDAY) == text
