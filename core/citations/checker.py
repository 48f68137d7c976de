"""Citations checked by the application: each cited sentence is compared with the passage it names, never believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.citations.support import ComparisonBudget, best_span
from core.domain.conversation import CheckedSentence
from core.domain.documents import Citation, Support
from core.domain.locations import narrowed
from core.text.months import months_in
from core.text.sentences import sentence_spans

# "[1]", "[1, 2]", "[1][2]", and the bracket gpt-oss was trained to cite with: "【1】", "【1†L3-L5】".
_MARK = re.compile(r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\](?!\()|【(\d{1,4})(?:†[^】]{0,80})?】")

_ITEM = re.compile(r"^\(?\d{1,3}[.)]\s+")
"""The number of a list's item, unless it is the day of a month: "3. Mai"."""
_LONGEST_MONTH = 16  # characters


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer without its citation marks, the numbers it cites, and its offsets in the answer. Of a row
    of a table, `head` is the row of column heads."""

    text: str
    numbers: tuple[int, ...]
    start: int
    end: int
    head: str = ""


def normalise_marks(answer: str) -> str:
    """`answer` with every citation written "[n]", one bracket a number."""
    return _MARK.sub(lambda mark: "".join(f"[{n}]" for n in _numbers(mark)), answer)


def cited_numbers(answer: str) -> tuple[int, ...]:
    """The numbers cited, each once, in the order of their first mention."""
    return tuple(dict.fromkeys(n for mark in _MARK.finditer(answer) for n in _numbers(mark)))


def claims(answer: str) -> tuple[Claim, ...]:
    """The cited sentences."""
    return tuple(claim for claim in statements(answer) if claim.numbers)


def statements(answer: str) -> tuple[Claim, ...]:
    """Every sentence. One that is only marks ("… in 2020. [1]") passes them to the sentence before."""
    found: list[Claim] = []
    marks: dict[int, None] = {}  # of the last one
    head = ""
    for start, end in sentence_spans(answer):
        sentence = answer[start:end]
        if not sentence.startswith("|"):
            head = ""
        numbers = tuple(dict.fromkeys(n for mark in _MARK.finditer(sentence) for n in _numbers(mark)))
        text = _without_item_number(_MARK.sub("", sentence).strip(" \t*-•>#|"))
        if text and any(c.isalnum() for c in text):
            found.append(Claim(text, numbers, start, end, head))
            marks = dict.fromkeys(numbers)
            head = head or (sentence if sentence.startswith("|") else "")
        elif numbers and found:
            if not marks.keys() >= set(numbers):
                marks |= dict.fromkeys(numbers)
                found[-1] = replace(found[-1], numbers=tuple(marks))
            found[-1] = replace(found[-1], end=end)
    return tuple(found)


def _without_item_number(sentence: str) -> str:
    item = _ITEM.match(sentence)
    if item is None or any(month.start == item.end() for month in months_in(sentence[: item.end() + _LONGEST_MONTH])):
        return sentence
    return sentence[item.end() :]


def check_sentences(answer: str, sources: Sequence[Citation]) -> tuple[CheckedSentence, ...]:
    """Each cited sentence with what was found. One that cites several sources is compared with all of them together,
    since each may carry a part; one that cites only numbers that no source has is not found. What is beyond the budget
    of an answer is unchecked."""
    by_number = {source.number: source for source in sources}
    budget = ComparisonBudget()
    return tuple(
        CheckedSentence(claim.start, claim.end, claim.numbers, _support(claim, by_number, budget))
        for claim in claims(answer)
    )


def check(answer: str, sources: Sequence[Citation]) -> tuple[Citation, ...]:
    """The sources that `answer` cites, in the order of their first mention, each with the words that support it best
    (`quote`, `start`, `end`) and what was found. Numbers that no source has are left out: they cite nothing.

    A source cited by several sentences counts as the least supported of them.
    """
    by_number = {source.number: source for source in sources}
    verdicts: dict[int, Support] = {}
    quotes: dict[int, tuple[int, int]] = {}
    budget = ComparisonBudget()
    for claim in claims(answer):
        verdict = _support(claim, by_number, budget)
        for number in claim.numbers:
            if number in by_number:
                verdicts[number] = _worse(verdicts.get(number), verdict)
                if number not in quotes:
                    quotes[number] = best_span(claim.text, by_number[number].quote)
    return tuple(
        quoted(by_number[number], *quotes.get(number, (0, len(by_number[number].quote))),
               verdicts.get(number, Support.NOT_FOUND))
        for number in cited_numbers(answer)
        if number in by_number
    )  # fmt: skip


def quoted(source: Citation, start: int, end: int, verdict: Support) -> Citation:
    """`source` narrowed to its characters from `start` to `end`."""
    page, section, location = narrowed(source, start, end)
    return replace(
        source,
        page=page,
        section=section,
        start=source.start + start,
        end=source.start + end,
        quote=source.quote[start:end],
        support=verdict,
        location=location,
    )


def _support(claim: Claim, by_number: dict[int, Citation], budget: ComparisonBudget) -> Support:
    cited = [by_number[n] for n in claim.numbers if n in by_number]
    if not cited:
        return Support.NOT_FOUND
    return budget.support(claim.text, " \n".join(f"{s.title} {s.section}\n{s.quote}" for s in cited), claim.head)


def _numbers(mark: re.Match[str]) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", mark.group(1) or mark.group(2))]


def _worse(one: Support | None, other: Support) -> Support:
    order = (Support.NOT_FOUND, Support.WEAK, Support.UNCHECKED, Support.SUPPORTED)
    return other if one is None or order.index(other) < order.index(one) else one
