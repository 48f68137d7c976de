"""Finds dates in a text, in words and in digits, and checks that a claim's dates are those of its passage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from core.text import lexicon
from core.text.months import months_in
from core.text.normalization import CACHED_TEXTS

_BEFORE_CHARS = 24  # before a month, in which its days are
_DAYS_BEFORE = (
    r"(?<![\d.,])((?:\d{{1,2}}(?:{suffix})?(?:\s?[-–/]\s?|, | (?:{joins}) ))*\d{{1,2}})(?:{suffix})?"
    r"[ \u00a0-]?(?:(?:of|{of}) |d')?$"
)
_DAYS_AFTER = (
    r"\.?[ \u00a0](\d{{1,2}}(?:st|nd|rd|th)?"
    r"(?:(?:\s?[-–]\s?|, | (?:{joins}) )\d{{1,2}}(?:st|nd|rd|th)?(?![\d%:.,]?\d))*)(?!\d|[.:]\d|,\d{{3}})"
)
_YEAR_AFTER = re.compile(r"\.?,?[ \u00a0-]{0,2}(?:of |de |del )?((?:1[5-9]|20)\d\d)(?!\d)")
_CJK_DAY = re.compile(r"\s?(\d{1,2})\s?[日号號]")
_CJK_YEAR = re.compile(r"((?:1[5-9]|20)\d\d)\s?年\s?$")
_CJK_YEAR_CHARS = 8
_ISO = re.compile(r"(?<![\d-])((?:1[5-9]|20)\d\d)([-/.])(\d{1,2})\2(\d{1,2})(?![\d-])")
_SHORT = re.compile(r"(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2((?:1[5-9]|20)?\d\d)(?![\d-])")


@dataclass(frozen=True, slots=True)
class CalendarDate:
    """A date at `start`:`end` of a text. `readings` are (day, month), day None where only the month is named; several
    where it names several days, or may be read in two ways (3/5/2021 is in March or in May)."""

    readings: frozenset[tuple[int | None, int]]
    year: int | None
    start: int
    end: int

    @property
    def has_day(self) -> bool:
        return any(day is not None for day, _ in self.readings)

    def agrees_with(self, other: CalendarDate) -> bool:
        """Whether both may be the same day, of the same year where both name one."""
        same_year = self.year is None or other.year is None or self.year == other.year
        return same_year and bool(self.readings & other.readings)


def dates_agree(claim: str, passage: str) -> bool:
    """Whether `passage` has each date of `claim`, or has no date that could be meant instead."""
    claimed = {(date.readings, date.year): date for date in dates_in(claim)}
    return all(_has_date(date, dates_in(passage)) for date in claimed.values())


def _has_date(day: CalendarDate, known: tuple[CalendarDate, ...]) -> bool:
    if not day.has_day:
        return _has_month(day, known)
    if any(day.agrees_with(other) for other in known):
        return True
    numbers = {number for number, _ in day.readings}
    months = {month for _, month in day.readings}
    rivals = [other for other in known if other.has_day]
    return not any(d in numbers or m in months for other in rivals for d, m in other.readings)


def _has_month(day: CalendarDate, known: tuple[CalendarDate, ...]) -> bool:
    """False where the passage has other months of that year, and this month only in other years."""
    months = {month for _, month in day.readings}
    same = [other for other in known if months & {month for _, month in other.readings}]
    if day.year is None or not same or any(other.year in (None, day.year) for other in same):
        return True
    return not any(other.year == day.year for other in known)


@lru_cache(CACHED_TEXTS)
def dates_in(text: str) -> tuple[CalendarDate, ...]:
    """The dates of `text`; a month alone is one if its year or its day stands beside it."""
    return (*_in_words(text), *_in_digits(text))


def _in_words(text: str) -> Iterator[CalendarDate]:
    for month in months_in(text):
        start, end = month.start, month.end
        days: list[int] = []
        if text[end - 1] == "月":
            begin = max(0, start - _CJK_YEAR_CHARS)
            if year := _CJK_YEAR.search(text[begin:start]):
                start = begin + year.start()
            if day := _CJK_DAY.match(text, end):
                days, end = [int(day[1])], day.end()
            yield CalendarDate(_of(days, month.number), int(year[1]) if year else None, start, end)
            continue
        begin = max(0, start - _BEFORE_CHARS)
        if before := _days_before().search(text[begin:start]):
            start = begin + before.start()
            days = _numbers(before[1])
        elif after := _days_after().match(text, end):
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
    """The days that `text` names; those between, too, of a range."""
    found = [int(number) for number in re.findall(r"\d+", text)]
    if len(found) == 2 and _range().search(text):
        return list(range(found[0], found[1] + 1)) or found
    return found


@cache
def _days_before() -> re.Pattern[str]:
    suffix = "|".join(map(re.escape, lexicon.words("dates.day_suffixes")))
    of = "|".join(word for word in lexicon.words("dates.of") if "'" not in word)
    return re.compile(_DAYS_BEFORE.format(suffix=suffix, joins="|".join(lexicon.words("dates.day_joins")), of=of))


@cache
def _days_after() -> re.Pattern[str]:
    return re.compile(_DAYS_AFTER.format(joins="|".join(lexicon.words("dates.day_joins", "en"))))


@cache
def _range() -> re.Pattern[str]:
    return re.compile(rf"[-–]| (?:{'|'.join(lexicon.words('dates.day_ranges'))}) ")
