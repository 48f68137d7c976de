"""Checks whether a passage supports a claim, without a model: exact words, numbers, names, dates, content words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise

from core.citations.contradiction import contradicts
from core.citations.dates import dates_agree
from core.citations.names import has_names
from core.citations.number_context import numbers_fit
from core.citations.quantities import counts_agree, restated, words_as_digits
from core.domain.documents import Support
from core.text.language import is_english, is_latin
from core.text.normalization import WORD, Words, content_words, normalise, numbers_in, word_key, words_of
from core.text.scripts import UNSPACED
from core.text.sentences import sentence_spans

SUPPORTED_SHARE = 0.6  # of a sentence's content words found in the passage; set on the labelled set of tests/bench
WEAK_SHARE = 0.34
_ORDER = (Support.NOT_FOUND, Support.WEAK, Support.UNCHECKED, Support.SUPPORTED)
LANGUAGE_WORDS = 4  # from which a language can be told
LONGEST_CLAIM = 4000  # characters, with the head of its table; a longer claim is no sentence, and is not checked
MOST_NUMBERS = 100  # in a claim; one with more is not checked
MOST_COMPARED = 20_000_000_000  # characters of claims times characters of passages, for one answer: at most some 30 s
_OVERHEAD_CHARS = 200, 2000  # of a claim and a passage: what even the shortest ones cost
_DIGITS = re.compile(r"\d++")


@dataclass(slots=True)
class ComparisonBudget:
    """How much may still be compared for one answer, so that no answer keeps the program busy for long."""

    left: int = MOST_COMPARED

    def support(self, claim: str, passage: str, head: str = "") -> Support:
        """`support` of these, UNCHECKED once the budget is spent."""
        cost = (len(claim) + len(head) + _OVERHEAD_CHARS[0]) * (len(passage) + _OVERHEAD_CHARS[1])
        if cost > self.left:
            return Support.UNCHECKED
        self.left -= cost
        return support(claim, passage, head)


def support(claim: str, passage: str, head: str = "") -> Support:
    """How well `passage` supports `claim`. Of a claim that is a row of a table, `head` is the row of column heads.

    A number or a name that the passage lacks makes it NOT_FOUND at worst, WEAK where little else is missing. Words of
    another language than the passage's cannot be compared: UNCHECKED, if its numbers and names are in the passage; so
    is a claim that is too long, or has too many numbers, to be a sentence. Linear in both texts; any thread.
    """
    if not _is_comparable(claim, head):
        return Support.UNCHECKED
    claim, passage, head = map(words_as_digits, (claim, passage, head))
    found = _compared(claim, passage, head)
    for way in restated(claim, passage) if found is not Support.SUPPORTED else ():
        found = max(found, _compared(way, passage, head), key=_ORDER.index)
    return found


def _is_comparable(claim: str, head: str) -> bool:
    if len(claim) + len(head) > LONGEST_CLAIM:
        return False
    return sum(1 for _ in islice(_DIGITS.finditer(claim), MOST_NUMBERS + 1)) <= MOST_NUMBERS


def _compared(claim: str, passage: str, head: str) -> Support:
    normal_claim, normal_passage = normalise(claim), normalise(passage)
    if normal_claim and _occurs_in(normal_claim, normal_passage):
        return Support.SUPPORTED
    if numbers_in(claim) - numbers_in(passage):
        return Support.NOT_FOUND
    if not has_names(claim, passage):
        return Support.NOT_FOUND
    passage_words = words_of(normal_passage)
    content = content_words(normal_claim)
    if not content:
        fits = numbers_in(claim) and numbers_fit(_below(head, claim, passage_words), passage)
        return Support.SUPPORTED if fits else Support.WEAK
    share = sum(passage_words.have(word) for word in content) / len(content)
    if share >= SUPPORTED_SHARE:
        agree = numbers_fit(_below(head, claim, passage_words), passage) and counts_agree(claim, passage)
        agree = agree and dates_agree(claim, passage)
        return Support.SUPPORTED if agree and not contradicts(claim, passage) else Support.WEAK
    if share >= WEAK_SHARE:
        return Support.WEAK
    return Support.UNCHECKED if _are_foreign(claim, passage) else Support.NOT_FOUND


def best_span(claim: str, passage: str) -> tuple[int, int]:
    """Offsets in `passage` of the sentence that shares the most words and numbers with `claim`, of which the beginning
    counts where it is very long."""
    claim = words_as_digits(claim[:LONGEST_CLAIM])
    words = _WordsOfClaim.of(content_words(normalise(claim)), numbers_in(claim))
    best, best_score = (0, len(passage)), 0.0
    for start, end in sentence_spans(passage):
        sentence = words_as_digits(passage[start:end])
        found, numbers = words_of(normalise(sentence)), numbers_in(sentence)
        hits = words.count_in(found, numbers)
        score = hits - 0.002 * len(sentence)  # of two that share as much, the shorter
        if hits and score > best_score:
            best, best_score = (start, end), score
    return best


@dataclass(frozen=True, slots=True)
class _WordsOfClaim:
    """The words and numbers of a claim by each form in which a text may have them, for counting in many sentences."""

    by_form: Mapping[str, frozenset[str]]
    unspaced: frozenset[str]

    @classmethod
    def of(cls, words: Iterable[str], numbers: Iterable[str]) -> _WordsOfClaim:
        forms: dict[str, set[str]] = {}
        for word in (*words, *numbers):
            for form in (word, word_key(word)):
                forms.setdefault(form, set()).add(word)
        unspaced = frozenset(word for form in forms.values() for word in form if UNSPACED.search(word))
        return cls({form: frozenset(found) for form, found in forms.items()}, unspaced)

    def count_in(self, text: Words, numbers: frozenset[str]) -> int:
        """How many of them `text` has, or `numbers` do."""
        found = {word for key in text.keys for word in self.by_form.get(key, ())}
        found |= {number for number in numbers if number in self.by_form.get(number, ())}
        if self.unspaced:  # each of one character or two
            found |= self.unspaced.intersection((*text.text, *map("".join, pairwise(text.text))))
        return len(found)


def _below(head: str, row: str, words: Words) -> str:
    """`row` below those words of `head` that the passage has, since an answer words its heads freely."""
    if not head:
        return row
    kept = WORD.sub(lambda word: word.group() if _is_among(word.group(), words) else "", head)
    return f"{kept}\n| {row} |"


def _is_among(word: str, words: Words) -> bool:
    return all(words.have(part) for part in content_words(normalise(word)))


def _are_foreign(claim: str, passage: str) -> bool:
    """Whether claim and passage are probably in different languages."""
    if is_latin(claim) != is_latin(passage):
        return True
    return len(claim.split()) >= LANGUAGE_WORDS and is_english(claim) != is_english(passage)


def _occurs_in(claim: str, passage: str) -> bool:
    """Whether `passage` holds `claim` word for word: "sales of 7.5" does not hold "sales of 7"."""
    at = passage.find(claim)
    while at >= 0:
        before, after = passage[max(0, at - 1) : at], passage[at + len(claim) :][:2]
        inner = after[:1].isalnum() or (after[:1] in (".", ",") and after[1:].isdigit())
        if (not before.isalnum() or UNSPACED.match(claim)) and (not inner or UNSPACED.match(claim[-1])):
            return True
        at = passage.find(claim, at + 1)
    return False
