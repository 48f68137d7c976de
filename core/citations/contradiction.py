"""Whether a sentence says yes where its passage says no, up where it says down, or changes sides around "than".

Only what can be told soundly is told: a part of the passage has to hold nearly all words of a part of the sentence, and
nothing of the passage may say it as the sentence does. Doubtful ways of speaking ("not only", "until", "unless") count
as neither yes nor no.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from core.text.normalization import COMMON, REMEMBERED, UNSPACED, content_words, flat, numbers_in, stem
from core.text.sentences import sentence_spans

NEARLY_ALL = 0.75  # of a part's words
LEAST_WORDS = 2  # a part of fewer says too little to be compared
REACH = 3  # words after a "not" among which is what it denies
_CLAUSE = re.compile(
    r"[;:,]\s+|(?<=[^\x00-\u02ff])[;,]|\s(?:and|while|whereas|but|although|und|während|aber|e|mas|enquanto|y|pero|mientras|et|mais)\s"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NO_NOT = re.compile(
    r"\.\s?\d|-|\s(?:more|less|fewer|later|earlier|sooner)\b"
)  # "No. 5", "non-profit", "no later than"
_NOT = frozenset("not never no cannot neither nor nicht kein keine keinen keiner nie niemals nao nunca ne non".split())
_PORTUGUESE = frozenset("o nao em um uma os ao das pelo pela na".split())  # in which "no" is "in the"
# With one of these a sentence is neither a plain yes nor a plain no.
_UNSURE = frozenset(
    flat("""
only until till unless without except yet just merely necessarily whether if hardly rarely seldom few little fail
fails failed refuse refuses refused decline declined deny denied denies lack lacks lacked unable avoid avoids prevent
prevents prevented prohibit prohibited prohibits forbid forbids forbidden ban banned instead rather longer nur erst ohne
außer wenn ob kaum selten sondern weder bis só apenas sem exceto até senão se salvo solo sólo sin excepto hasta sino si
que seulement sans sauf plus aucun aucune rien senza eccetto fino
""").split()
)
_OPPOSITES = """
rise / fall = highest / lowest = largest biggest greatest / smallest = most / least fewest = maximum / minimum
= oldest / youngest = longest / shortest = enabled / disabled = mandatory compulsory / optional voluntary
= legal / illegal
= stieg stiegen steigt steigen gestiegen wuchs gewachsen / sank sanken sinkt sinken gesunken fiel fielen gefallen
= aumentou aumentaram subiu subiram cresceu cresceram / diminuiu diminuíram caiu caíram
= aumentó aumentaron subió subieron creció crecieron / disminuyó disminuyeron cayó cayeron bajó bajaron
= augmenté augmente progressé / diminué diminue baissé baisse reculé
= aumentato aumentata cresciuto cresciuta salito / diminuito diminuita calato calata sceso
= 上升 增加 增长 上涨 提高 増加 上昇 / 下降 减少 下跌 降低 減少 低下 下落 = 扩大 拡大 / 缩小 縮小
= 最高 / 最低 = 最大 / 最小
"""
_COMPARED = """
more / less fewer = higher / lower = larger greater bigger / smaller = longer / shorter = better / worse
= faster / slower = older / younger newer = stronger / weaker
"""
# 不, 没 or 未 and the two characters that it denies; and two characters before a Japanese "not".
_DENIED_AFTER = re.compile(r"(?:没有|未能|未曾|未|不|没)([\u3400-\u9fff]{2})")
_DENIED_BEFORE = re.compile(r"([\u3400-\u9fff]{2})(?:し|され|でき)(?:て)?(?:い)?(?:ない|なかった|ません)")


@dataclass(frozen=True, slots=True)
class ClaimPart:
    """A sentence or a clause: its `words`, `numbers` among them, but for those that say a side; what it denies and what
    it affirms, the sides it is on, and whether one can tell."""

    words: frozenset[str]
    numbers: frozenset[str]
    has_not: bool
    denied: frozenset[str]
    affirmed: frozenset[str]
    sides: frozenset[tuple[int, int]]
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """The words before and after a "than"; a `scale` and which end of it."""

    before: frozenset[str]
    after: frozenset[str]
    scale: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    whole: ClaimPart
    clauses: tuple[ClaimPart, ...]
    compared: Compared | None


def is_turned_round(claim: str, passage: str) -> bool:
    """Whether a part of `claim` says the contrary of what `passage` says of the same."""
    known = _statements(passage)
    for said in _statements(claim):
        if said.compared and _is_exchanged(said.compared, known):
            return True
        for part in (said.whole, *said.clauses):
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
    """Whether one of them denies what the other affirms, and is not spoken of otherwise in it."""
    if not one.is_sure or not other.is_sure:
        return False
    if one.has_not and other.has_not:  # which of their words each denies cannot be told for certain
        return False
    return bool((one.denied - one.affirmed) & other.affirmed or (other.denied - other.affirmed) & one.affirmed)


def _opposite(sides: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return frozenset((pair, 1 - side) for pair, side in sides if (pair, 1 - side) not in sides)


def _is_exchanged(said: Compared, known: tuple[Statement, ...]) -> bool:
    found = [turned for statement in known if statement.compared
             if (turned := _turned(said, statement.compared)) is not None]  # fmt: skip
    return bool(found) and all(found)


def _turned(one: Compared, other: Compared) -> bool | None:
    """Whether the two contradict each other; None if they compare other things."""
    if one.scale != other.scale:
        return None
    straight = one.before & other.before - other.after and one.after & other.after - other.before
    crossed = one.before & other.after - other.before and one.after & other.before - other.after
    if bool(straight) == bool(crossed):
        return None
    return bool(crossed) == (one.end == other.end)


@lru_cache(REMEMBERED)
def _statements(text: str) -> tuple[Statement, ...]:
    return tuple(_statement(text[start:end]) for start, end in sentence_spans(text))


def _statement(sentence: str) -> Statement:
    asks = sentence.endswith(("?", "？"))
    sentence = flat(sentence)
    tokens = frozenset(_WORD.findall(sentence))
    sure = not asks and not tokens & _UNSURE
    no = _NOT - {"no"} if tokens & _PORTUGUESE else _NOT
    clauses = tuple(_part(piece, sure, no) for piece in _CLAUSE.split(sentence) if piece.strip())
    whole = _together(clauses, sure)
    compared = None if whole.denied else _compared(sentence)
    return Statement(whole, clauses, compared)


def _together(clauses: Sequence[ClaimPart], sure: bool) -> ClaimPart:
    """The sentence of these clauses; no "not" reaches from one into the next."""
    return ClaimPart(
        frozenset[str]().union(*(clause.words for clause in clauses)),
        frozenset[str]().union(*(clause.numbers for clause in clauses)),
        any(clause.has_not for clause in clauses),
        frozenset[str]().union(*(clause.denied for clause in clauses)),
        frozenset[str]().union(*(clause.affirmed for clause in clauses)),
        frozenset[tuple[int, int]]().union(*(clause.sides for clause in clauses)),
        sure,
    )


def _part(text: str, sure: bool, no: frozenset[str]) -> ClaimPart:
    words: set[str] = set()
    sides: set[tuple[int, int]] = set()
    affirmed: set[str] = set()
    denied: set[str] = set()
    has_not = False
    left = end = 0  # words that the last "not" may still deny, and where the last word ended
    for match in _WORD.finditer(text):
        word = match.group()
        if (word in no or word.endswith(("n't", "n’t"))) and not _NO_NOT.match(text, match.end()):
            has_not, left, end = True, REACH, match.end()
            continue
        if left > 0 and not text[end : match.start()].isspace():
            left = 0  # what follows a mark is not denied
        end = match.end()
        if (side := _sides().get(word) or _sides().get(stem(word))) is not None:
            sides.add(side)
            found = [f"{side}"]
        else:
            found = [stem(word)] if word not in COMMON and len(word) > 1 else []
            words.update(found)
        (denied if left > 0 else affirmed).update(found)
        left -= 1
    if UNSPACED.search(text):
        return _unspaced_part(text, sure)
    numbers = numbers_in(text)
    known = frozenset(words | numbers)
    return ClaimPart(known, numbers, has_not, frozenset(denied), frozenset(affirmed), frozenset(sides), sure)


def _unspaced_part(text: str, sure: bool) -> ClaimPart:
    sides = frozenset(side for word, side in _sides().items() if UNSPACED.match(word) and word in text)
    rest = _side_pattern().sub(" ", text)
    denied = frozenset((*_DENIED_AFTER.findall(text), *_DENIED_BEFORE.findall(text)))
    words = frozenset(content_words(rest))
    numbers = numbers_in(text)
    return ClaimPart(
        words | numbers, numbers, bool(denied), denied, frozenset(content_words(text)) - denied, sides, sure
    )


def _compared(sentence: str) -> Compared | None:
    before, than, after = sentence.partition(" than ")
    if not than or " than " in after:
        return None
    found = [word for word in _WORD.findall(before) if word in _ends()]
    if len(found) != 1:
        return None
    left, right = (frozenset(w for w in content_words(text) if w != stem(found[0])) for text in (before, after))
    return Compared(left - right, right - left, *_ends()[found[0]])


def _sides_of(table: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for pair, line in enumerate(table.split("=")):
        for side, words in enumerate(line.split("/")):
            yield from ((flat(word), (pair, side)) for word in words.split())


@cache
def _sides() -> dict[str, tuple[int, int]]:
    return dict(_sides_of(_OPPOSITES))


@cache
def _ends() -> dict[str, tuple[int, int]]:
    return dict(_sides_of(_COMPARED))


@cache
def _side_pattern() -> re.Pattern[str]:
    return re.compile("|".join(word for word in _sides() if UNSPACED.match(word)))
