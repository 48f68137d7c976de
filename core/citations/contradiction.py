"""Tells whether a claim denies what its passage affirms, says up for down, or exchanges the sides of a comparison.

Only what is sound is reported: some sentence of the passage has to cover nearly all words of a clause of the claim, and
none may say it as the claim does. Doubtful wording ("not only", "until", "unless") is neither a yes nor a no. Words
come from lexicons/: `negation`, `meaning.opposites`, `meaning.comparatives`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from core.text import lexicon
from core.text.language import likely_languages
from core.text.normalization import CACHED_TEXTS, common_words, content_words, fold, normalise, numbers_in, word_key
from core.text.scripts import UNSPACED
from core.text.sentences import sentence_spans

NEARLY_ALL = 0.75  # share of a clause's words that a sentence must have to cover it
LEAST_WORDS = 2  # a clause of fewer says too little to be compared
REACH = 3  # words after a negation that it may deny
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_CONTRACTED = ("n't", "n’t")
_NO_NEGATION = re.compile(r"\.\s?\d|-|\s(?:more|less|fewer|later|earlier|sooner)\b")
"""After these, "no" denies nothing: "No. 5", "non-profit", "no later than"."""
_HAN_PAIR = "([\u3400-\u9fff]{2})"


@dataclass(frozen=True, slots=True)
class ClaimPart:
    """A sentence or a clause, as sets of word keys.

    `words` include `numbers` but no words of a side; `denied` and `affirmed` are what follows a negation and the rest;
    `sides` are (pair, side) of each word that has a contrary; `is_sure` is False for doubtful wording."""

    words: frozenset[str]
    numbers: frozenset[str]
    has_not: bool
    denied: frozenset[str]
    affirmed: frozenset[str]
    sides: frozenset[tuple[int, int]]
    is_sure: bool


@dataclass(frozen=True, slots=True)
class ComparedSides:
    """A comparison: the words that stand only before and only after "than", which scale and which end of it."""

    before: frozenset[str]
    after: frozenset[str]
    scale: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence: as a whole, by clauses, and as a comparison where it is one."""

    whole: ClaimPart
    clauses: tuple[ClaimPart, ...]
    comparison: ComparedSides | None


def contradicts(claim: str, passage: str) -> bool:
    """Whether a sentence or clause of `claim` says the contrary of what `passage` says of the same."""
    known = _statements(passage)
    for statement in _statements(claim):
        if statement.comparison and _is_reversed(statement.comparison, known):
            return True
        for part in (statement.whole, *statement.clauses):
            if len(part.words) >= LEAST_WORDS and _is_denied(part, known):
                return True
    return False


def _is_denied(part: ClaimPart, known: tuple[Statement, ...]) -> bool:
    if not (part.denied or part.sides or any(statement.whole.denied for statement in known)):
        return False
    strong = [(statement.whole, found) for statement in known if (found := _covering(part, statement))]
    return bool(strong) and all(_contradict(part, whole, found) for whole, found in strong)


def _contradict(part: ClaimPart, whole: ClaimPart, found: Sequence[ClaimPart]) -> bool:
    if all(_deny(part, other) for other in found):
        return True
    if part.numbers and whole not in found:  # a clause with this number says it of this, and its neighbour of another
        return all(_opposite(part.sides) & other.sides - part.sides for other in found)
    return not part.sides & whole.sides and bool(_opposite(part.sides) & whole.sides)


def _covering(part: ClaimPart, statement: Statement) -> list[ClaimPart]:
    """The clauses of `statement` that hold nearly all words of `part`, or else the whole of it if it does."""
    if not _covers(statement.whole, part):
        return []
    return [clause for clause in statement.clauses if _covers(clause, part)] or [statement.whole]


def _covers(other: ClaimPart, part: ClaimPart) -> bool:
    return part.numbers <= other.numbers and len(part.words & other.words) >= NEARLY_ALL * len(part.words)


def _deny(one: ClaimPart, other: ClaimPart) -> bool:
    """Whether one denies what the other affirms and does not deny as well."""
    if not one.is_sure or not other.is_sure:
        return False
    if one.has_not and other.has_not:  # which of their words each denies cannot be told for certain
        return False
    return bool((one.denied - one.affirmed) & other.affirmed or (other.denied - other.affirmed) & one.affirmed)


def _opposite(sides: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return frozenset((pair, 1 - side) for pair, side in sides if (pair, 1 - side) not in sides)


def _is_reversed(comparison: ComparedSides, known: tuple[Statement, ...]) -> bool:
    """Whether every comparison of the same things in `known` says the contrary, and there is one."""
    verdicts = (_contrary(comparison, statement.comparison) for statement in known if statement.comparison)
    found = [contrary for contrary in verdicts if contrary is not None]
    return bool(found) and all(found)


def _contrary(one: ComparedSides, other: ComparedSides) -> bool | None:
    """Whether the two contradict each other; None if they compare other things."""
    if one.scale != other.scale:
        return None
    straight = one.before & other.before - other.after and one.after & other.after - other.before
    crossed = one.before & other.after - other.before and one.after & other.before - other.after
    if bool(straight) == bool(crossed):
        return None
    return bool(crossed) == (one.end == other.end)


@lru_cache(CACHED_TEXTS)
def _statements(text: str) -> tuple[Statement, ...]:
    return tuple(_statement(text[start:end]) for start, end in sentence_spans(text))


def _statement(sentence: str) -> Statement:
    asks = sentence.endswith(("?", "？"))
    sentence = normalise(sentence)
    tokens = frozenset(_WORD.findall(sentence))
    sure = not asks and not tokens & _folded("negation.uncertain")
    negations = _negations(likely_languages(tokens, fold))
    if tokens & _folded("negation.marks_language"):
        negations -= {"no"}  # in Portuguese it means "in the"
    common = common_words(sentence)
    clauses = tuple(_part(piece, sure, negations, common) for piece in _clause_break().split(sentence) if piece.strip())
    whole = _together(clauses, sure)
    return Statement(whole, clauses, None if whole.denied else _comparison(sentence))


def _together(clauses: Sequence[ClaimPart], sure: bool) -> ClaimPart:
    """The sentence of these clauses; no negation reaches from one into the next."""
    return ClaimPart(
        frozenset[str]().union(*(clause.words for clause in clauses)),
        frozenset[str]().union(*(clause.numbers for clause in clauses)),
        any(clause.has_not for clause in clauses),
        frozenset[str]().union(*(clause.denied for clause in clauses)),
        frozenset[str]().union(*(clause.affirmed for clause in clauses)),
        frozenset[tuple[int, int]]().union(*(clause.sides for clause in clauses)),
        sure,
    )


def _part(text: str, sure: bool, negations: frozenset[str], common: frozenset[str]) -> ClaimPart:
    if UNSPACED.search(text):
        return _unspaced_part(text, sure)
    words: set[str] = set()
    sides: set[tuple[int, int]] = set()
    affirmed: set[str] = set()
    denied: set[str] = set()
    has_not = False
    reach = end = 0  # how many more words the last negation may deny, and where the last word ended
    for match in _WORD.finditer(text):
        word = match.group()
        if (word in negations or word.endswith(_CONTRACTED)) and not _NO_NEGATION.match(text, match.end()):
            has_not, reach, end = True, REACH, match.end()
            continue
        if reach > 0 and not text[end : match.start()].isspace():
            reach = 0  # a negation does not reach beyond a mark
        end = match.end()
        if (side := _side(word)) is not None:
            sides.add(side)
            found = [f"{side}"]
        else:
            found = [word_key(word)] if word not in common and len(word) > 1 else []
            words.update(found)
        (denied if reach > 0 else affirmed).update(found)
        reach -= 1
    numbers = numbers_in(text)
    keys = frozenset(words | numbers)
    return ClaimPart(keys, numbers, has_not, frozenset(denied), frozenset(affirmed), frozenset(sides), sure)


def _unspaced_part(text: str, sure: bool) -> ClaimPart:
    sides = frozenset(side for word, side in _sides().items() if UNSPACED.match(word) and word in text)
    rest = _unspaced_side().sub(" ", text)
    denied = frozenset((*_after_negation().findall(text), *_before_negation().findall(text)))
    words = frozenset(content_words(rest))
    numbers = numbers_in(text)
    affirmed = frozenset(content_words(text)) - denied
    return ClaimPart(words | numbers, numbers, bool(denied), denied, affirmed, sides, sure)


def _comparison(sentence: str) -> ComparedSides | None:
    before, than, after = sentence.partition(" than ")
    if not than or " than " in after:
        return None
    found = [word for word in _WORD.findall(before) if word in _ends()]
    if len(found) != 1:
        return None
    left, right = (frozenset(w for w in content_words(text) if w != word_key(found[0])) for text in (before, after))
    return ComparedSides(left - right, right - left, *_ends()[found[0]])


def _side(word: str) -> tuple[int, int] | None:
    """Which pair of contraries a word belongs to, and on which side."""
    return _sides().get(word) or _sides().get(word_key(word))


def _numbered(key: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for pair, sides in enumerate(lexicon.groups(key)):
        for side, words in enumerate(sides):
            yield from ((fold(word), (pair, side)) for word in words)


@cache
def _sides() -> dict[str, tuple[int, int]]:
    return dict(_numbered("meaning.opposites"))


@cache
def _ends() -> dict[str, tuple[int, int]]:
    return dict(_numbered("meaning.comparatives"))


@cache
def _folded(key: str) -> frozenset[str]:
    return frozenset(map(fold, lexicon.words(key)))


@cache
def _negations(languages: tuple[str, ...]) -> frozenset[str]:
    """The negations of these languages and of English, of all if there are none: Danish "ni" is nine, Spanish "ni" is
    "nor"."""
    chosen = ("en", *languages) if languages else ("",)
    return frozenset(fold(word) for language in chosen for word in lexicon.words("negation.words", language))


@cache
def _clause_break() -> re.Pattern[str]:
    words = "|".join(sorted(_folded("meaning.conjunctions"), key=len, reverse=True))
    return re.compile(rf"[;:,]\s+|(?<=[^\x00-\u02ff])[;,]|\s(?:{words})\s")


@cache
def _unspaced_side() -> re.Pattern[str]:
    return re.compile("|".join(word for word in _sides() if UNSPACED.match(word)))


@cache
def _after_negation() -> re.Pattern[str]:
    """The two Han characters that a Chinese negation denies."""
    return re.compile(f"(?:{'|'.join(lexicon.words('negation.before_denied'))}){_HAN_PAIR}")


@cache
def _before_negation() -> re.Pattern[str]:
    """The two Han characters before a Japanese negation."""
    return re.compile(f"{_HAN_PAIR}(?:{'|'.join(lexicon.words('negation.after_denied'))})")
