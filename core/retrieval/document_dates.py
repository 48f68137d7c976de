"""Dates of documents from their names and beginnings, and whether a question asks for the latest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby

from core.text import lexicon
from core.text.months import month_names, month_pattern, plain_letters

_YEAR = r"(?<![0-9])(?P<year>(?:19|20)[0-9]{2})(?![0-9])"
EARLIER_DATE_SHARE = 0.5
"""Share of the latest date's bonus that the date before gets, and again for each earlier one."""


def asks_for_latest(question: str) -> bool:
    """Whether `question` asks for the latest of several documents, in any language of the lexicons."""
    return _latest().search(question) is not None


def date_of(*texts: str) -> int | None:
    """Months since the year 0 of the first date in the first of `texts` that has one; a year alone counts as its
    end."""
    for text in map(plain_letters, texts):
        for pattern in _dates():
            if found := pattern.search(text):
                return _months(found)
    return None


def _months(found: re.Match[str]) -> int:
    parts = found.groupdict()
    if parts.get("number"):
        month = int(parts["number"])
    elif parts.get("quarter"):
        month = 3 * int(parts["quarter"])
    elif parts.get("month"):
        month = month_names()[parts["month"]]
    else:
        month = 12
    return 12 * int(parts["year"]) + month


def recency(dates: Mapping[int, int | None]) -> dict[int, float]:
    """The share of the bonus of each document with a date: 1 for the latest, `EARLIER_DATE_SHARE` of the one after it
    for each earlier date."""
    dated: Sequence[tuple[int, int]] = sorted(
        ((date, document) for document, date in dates.items() if date is not None), reverse=True
    )
    bonus: dict[int, float] = {}
    share = 1.0
    for _, group in groupby(dated, key=lambda pair: pair[0]):
        bonus.update((document, share) for _, document in group)
        share *= EARLIER_DATE_SHARE
    return bonus


@cache
def _latest() -> re.Pattern[str]:
    anywhere = "|".join(lexicon.words("dates.latest_anywhere"))
    return re.compile(f"{lexicon.alternation('dates.latest')}|{anywhere}", re.IGNORECASE)


@cache
def _dates() -> tuple[re.Pattern[str], ...]:
    """Patterns from the most exact to the least; the last one takes the first year there is."""
    month = rf"(?<![a-z])(?P<month>{month_pattern()})(?![a-z])\.?"
    of = r"(?:[-_., ]*del?(?=[-_. ]))?"
    patterns = (
        _YEAR.replace("(?![0-9])", "") + r"[-_. ]?(?P<number>0[1-9]|1[0-2])(?:[-_. ]?[0-3][0-9])?(?![0-9a-z])",
        _YEAR + r"[-_. ]*q(?P<quarter>[1-4])(?![0-9])",
        r"(?<![a-z0-9])q(?P<quarter>[1-4])[-_. ]*" + _YEAR,
        _YEAR + r" ?年 ?(?P<number>1[0-2]|0?[1-9]) ?月",
        rf"{month}{of}[-_., ]*(?:[0-3]?[0-9](?:st|nd|rd|th)?[-_., ]+)?{_YEAR}",
        rf"{_YEAR}[-_., ]*{month}",
        _YEAR,
    )
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)
