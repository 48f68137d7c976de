"""Whether a passage supports a sentence: exact words, numbers, names and content words, compared without a model."""

from __future__ import annotations

from core.citations.contradiction import is_turned_round
from core.citations.dates import dates_agree
from core.citations.names import names_stand_in
from core.citations.number_context import numbers_belong
from core.citations.quantities import counted_alike, restated
from core.domain.documents import Support
from core.text.language import is_english, is_latin
from core.text.normalization import UNSPACED, WORD, Words, contains, content_words, flat, numbers_in, words_of
from core.text.sentences import sentence_spans

SUPPORTED_SHARE = 0.6  # of a sentence's content words found in the passage; set on the labelled set of tests/bench
WEAK_SHARE = 0.34
_ORDER = (Support.NOT_FOUND, Support.WEAK, Support.UNCHECKED, Support.SUPPORTED)
LANGUAGE_WORDS = 4  # from which a language can be told


def support(claim: str, passage: str, head: str = "") -> Support:
    """How well `passage` supports `claim`: exact words first, then numbers, names and content words. Of a `claim` that
    is a row of a table, `head` is the row of its head.

    A number or a name in the claim that the passage does not have makes it at most WEAK and, with it missing, the
    claim is what a careful reader would doubt; so one missing number or name is NOT_FOUND unless nothing else differs.
    Words of another language than the passage's cannot be compared: UNCHECKED, if its numbers and names are there.
    """
    found = _compared(claim, passage, head)
    for way in restated(claim, passage) if found is not Support.SUPPORTED else ():
        found = max(found, _compared(way, passage, head), key=_ORDER.index)
    return found


def _compared(claim: str, passage: str, head: str) -> Support:
    flat_claim, flat_passage = flat(claim), flat(passage)
    if flat_claim and _stands_in(flat_claim, flat_passage):
        return Support.SUPPORTED
    if numbers_in(claim) - numbers_in(passage):
        return Support.NOT_FOUND
    if not names_stand_in(claim, passage):
        return Support.NOT_FOUND
    passage_words = words_of(flat_passage)
    content = content_words(flat_claim)
    if not content:
        fits = numbers_in(claim) and numbers_belong(_below(head, claim, passage_words), passage)
        return Support.SUPPORTED if fits else Support.WEAK
    share = sum(contains(passage_words, word) for word in content) / len(content)
    if share >= SUPPORTED_SHARE:
        agree = numbers_belong(_below(head, claim, passage_words), passage) and counted_alike(claim, passage)
        agree = agree and dates_agree(claim, passage)
        return Support.SUPPORTED if agree and not is_turned_round(claim, passage) else Support.WEAK
    if share >= WEAK_SHARE:
        return Support.WEAK
    return Support.UNCHECKED if _are_foreign(claim, passage) else Support.NOT_FOUND


def best_span(claim: str, passage: str) -> tuple[int, int]:
    """Offsets in `passage` of the sentence that shares most with `claim`."""
    words = set(content_words(flat(claim))) | numbers_in(claim)
    best, best_score = (0, len(passage)), 0.0
    for start, end in sentence_spans(passage):
        sentence = passage[start:end]
        stems = words_of(flat(sentence))
        hits = sum(1 for word in words if contains(stems, word) or word in numbers_in(sentence))
        score = hits - 0.002 * len(sentence)  # of two that share as much, the shorter
        if hits and score > best_score:
            best, best_score = (start, end), score
    return best


def _below(head: str, row: str, words: Words) -> str:
    """The row below its head, of which only the words count that the passage has: an answer words its heads freely."""
    if not head:
        return row
    kept = WORD.sub(lambda word: word.group() if _is_among(word.group(), words) else "", head)
    return f"{kept}\n| {row} |"


def _is_among(word: str, words: Words) -> bool:
    return all(contains(words, part) for part in content_words(flat(word)))


def _are_foreign(claim: str, passage: str) -> bool:
    """Whether the two are in different languages, as far as one can tell."""
    if is_latin(claim) != is_latin(passage):
        return True
    return len(claim.split()) >= LANGUAGE_WORDS and is_english(claim) != is_english(passage)


def _stands_in(claim: str, passage: str) -> bool:
    """Whether the words of `claim` stand in `passage` as they are: "sales of 7" does not stand in "sales of 7.5"."""
    at = passage.find(claim)
    while at >= 0:
        before, after = passage[max(0, at - 1) : at], passage[at + len(claim) :][:2]
        inner = after[:1].isalnum() or (after[:1] in (".", ",") and after[1:].isdigit())
        if (not before.isalnum() or UNSPACED.match(claim)) and (not inner or UNSPACED.match(claim[-1])):
            return True
        at = passage.find(claim, at + 1)
    return False
