"""Dates within a text, in words and in digits, and whether a sentence's dates are those of a passage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.text.months import months_in
from core.text.normalization import REMEMBERED

_DAYS_BEFORE = re.compile(
    r"(?<![\d.,])((?:\d{1,2}(?:st|nd|rd|th|º|er|\.)?(?:\s?[-–/]\s?|, | and | to | und | bis | e | a | y | et | au )"
    r")*\d{1,2})(?:st|nd|rd|th|º|er|\.)?[ \u00a0-]?(?:of |de |d')?$"
)
_DAYS_AFTER = re.compile(
    r"\.?[ \u00a0](\d{1,2}(?:st|nd|rd|th)?"
    r"(?:(?:\s?[-–]\s?|, | and | to )\d{1,2}(?:st|nd|rd|th)?(?![\d%:.,]?\d))*)(?!\d|[.:]\d|,\d{3})"
)
_YEAR_AFTER = re.compile(r"\.?,?[ \u00a0-]{0,2}(?:of |de |del )?((?:1[5-9]|20)\d\d)(?!\d)")
_CJK_DAY = re.compile(r"\s?(\d{1,2})\s?[日号號]")
_CJK_YEAR = re.compile(r"((?:1[5-9]|20)\d\d)\s?年\s?$")
_ISO = re.compile(r"(?<![\d-])((?:1[5-9]|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d-])")
_SHORT = re.compile(r"(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2((?:1[5-9]|20)?\d\d)(?![\d-])")


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A day and its month (the day None where only the month is named) at `start`:`end` of a text. There are several
    readings where it names several days, or may be read in two ways: 3/5/2021 is in March or in May."""

    readings: frozenset[tuple[int | None, int]]
    year: int | None
    start: int
    end: int

    @property
    def has_day(self) -> bool:
        return any(day is not None for day, _ in self.readings)

    def agrees_with(self, other: CalendarDate) -> bool:
        """Whether both may be the same day of the same year, as far as the year is told."""
        same_year = self.year is None or other.year is None or self.year == other.year
        return same_year and bool(self.readings & other.readings)


def dates_agree(claim: str, passage: str) -> bool:
    """Whether each date of `claim` is one of `passage`, unless the passage has none that stands in its place."""
    said = days_in(claim)
    return not said or all(_is_said(day, days_in(passage)) for day in said)


def _is_said(day: CalendarDate, known: tuple[CalendarDate, ...]) -> bool:
    if not day.has_day:
        return _is_month_said(day, known)
    if any(day.agrees_with(other) for other in known):
        return True
    numbers = {number for number, _ in day.readings}
    months = {month for _, month in day.readings}
    rivals = [other for other in known if other.has_day]
    return not any(d in numbers or m in months for other in rivals for d, m in other.readings)


def _is_month_said(day: CalendarDate, known: tuple[CalendarDate, ...]) -> bool:
    """A month of a year is doubted where the passage has others of that year, and this one in other years only."""
    months = {month for _, month in day.readings}
    same = [other for other in known if months & {month for _, month in other.readings}]
    if day.year is None or not same or any(other.year in (None, day.year) for other in same):
        return True
    return not any(other.year == day.year for other in known)


@lru_cache(REMEMBERED)
def days_in(text: str) -> tuple[CalendarDate, ...]:
    """The dates of `text`; a month alone is one if its year or its day stands beside it."""
    return (*_in_words(text), *_in_digits(text))


def _in_words(text: str) -> Iterator[CalendarDate]:
    for month in months_in(text):
        start, end = month.start, month.end
        days: list[int] = []
        if text[end - 1] == "月":
            if year := _CJK_YEAR.search(text[:start]):
                start = year.start()
            if day := _CJK_DAY.match(text, end):
                days, end = [int(day[1])], day.end()
            yield CalendarDate(_of(days, month.number), int(year[1]) if year else None, start, end)
            continue
        if before := _DAYS_BEFORE.search(text[max(0, start - 24) : start]):
            start = max(0, start - 24) + before.start()
            days = _numbers(before[1])
        elif after := _DAYS_AFTER.match(text, end):
            days, end = _numbers(after[1]), after.end()
        after_year = _YEAR_AFTER.match(text, end)
        yield CalendarDate(_of(days, month.number), int(after_year[1]) if after_year else None, start,
                  after_year.end() if after_year else end)  # fmt: skip


def _in_digits(text: str) -> Iterator[CalendarDate]:
    for match in _ISO.finditer(text):
        if int(match[3]) in range(1, 13):
            yield CalendarDate(_of([int(match[4])], int(match[3])), int(match[1]), *match.span())
    for match in _SHORT.finditer(text):
        one, other = int(match[1]), int(match[3])
        readings = {(d, m) for d, m in ((one, other), (other, one)) if m in range(1, 13) and d in range(1, 32)}
        if match[2] == ".":
            readings.discard((other, one) if one != other else (0, 0))
        year = int(match[4]) if len(match[4]) == 4 else 2000 + int(match[4])
        if readings:
            yield CalendarDate(frozenset(readings), year, *match.span())


def _of(days: list[int], month: int) -> frozenset[tuple[int | None, int]]:
    return frozenset((day, month) for day in days if 1 <= day <= 31) or frozenset({(None, month)})


def _numbers(text: str) -> list[int]:
    found = [int(number) for number in re.findall(r"\d+", text)]
    if len(found) == 2 and re.search(r"[-–]| to | bis | au ", text):
        return list(range(found[0], found[1] + 1)) or found
    return found
