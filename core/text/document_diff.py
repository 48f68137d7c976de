"""Compares two texts paragraph by paragraph without a model: what was added, removed, changed, moved."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.text.sentences import sentence_spans

ALIKE = 0.5
"""Share of common words from which one paragraph counts as the other, changed."""
LONGEST_PARAGRAPH = 1200
MANY = 4000
"""Paragraphs from which difflib may ignore very frequent ones; without that it is quadratic."""
MOST_WORDS = 24
_BREAK = re.compile(r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:[#>*•-]|\d+(?:\.\d+)*[.)]?[ \t]|\|))")
_WORD = re.compile(r"\w+|[^\w\s]")


class DifferenceKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference: `old` and `new` are (start, end) in the two texts, None where that side has nothing; `words` shows
    what a change replaced: "30 days → 60 days"."""

    kind: DifferenceKind
    old: tuple[int, int] | None
    new: tuple[int, int] | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    start: int
    end: int
    words: tuple[str, ...]


def differences(old: str, new: str) -> tuple[Difference, ...]:
    """The differences in the order of `new`, removals where they would have been. White space does not count."""
    before, after = list(_paragraphs(old)), list(_paragraphs(new))
    matcher = difflib.SequenceMatcher(
        None, [p.words for p in before], [p.words for p in after], autojunk=max(len(before), len(after)) > MANY
    )
    found: list[Difference] = []
    for operation, i, i_end, j, j_end in matcher.get_opcodes():
        if operation != "equal":
            found += _paired(old, new, before[i:i_end], after[j:j_end])
    return tuple(_with_moves(found, old, new))


def _paragraphs(text: str) -> Iterator[_Paragraph]:
    start = 0
    for end in [*(match.start() for match in _BREAK.finditer(text)), len(text)]:
        for first, last in _short_enough(text, start, end):
            words = tuple(_WORD.findall(text[first:last]))
            if words:
                yield _Paragraph(first, last, words)
        start = end


def _short_enough(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The paragraph without the white space around it; a very long one, as PDFs may give, sentence by sentence."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end = start + len(piece.strip())
    if end - start <= LONGEST_PARAGRAPH:
        yield start, end
        return
    for first, last in sentence_spans(text[start:end]):
        yield start + first, start + last


def _paired(old: str, new: str, before: Sequence[_Paragraph], after: Sequence[_Paragraph]) -> list[Difference]:
    """Pair each new paragraph with the old one it was made of, in order."""
    found: list[Difference] = []
    rest = 0
    for paragraph in after:
        best, best_share = None, ALIKE
        for i in range(rest, min(len(before), rest + 40)):
            share = _alike(before[i].words, paragraph.words)
            if share > best_share:
                best, best_share = i, share
        if best is None:
            found.append(Difference(DifferenceKind.ADDED, None, (paragraph.start, paragraph.end)))
            continue
        found += [Difference(DifferenceKind.REMOVED, (p.start, p.end), None) for p in before[rest:best]]
        was = before[best]
        changed = _words_changed(was, paragraph, old, new)
        found.append(
            Difference(DifferenceKind.CHANGED, (was.start, was.end), (paragraph.start, paragraph.end), changed)
        )
        rest = best + 1
    found += [Difference(DifferenceKind.REMOVED, (p.start, p.end), None) for p in before[rest:]]
    return found


def _alike(one: Sequence[str], other: Sequence[str]) -> float:
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return 0.0 if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE else matcher.ratio()


def _words_changed(was: _Paragraph, now: _Paragraph, old: str, new: str) -> str:
    parts: list[str] = []
    old_places = [m.span() for m in _WORD.finditer(old, was.start, was.end)]
    new_places = [m.span() for m in _WORD.finditer(new, now.start, now.end)]
    matcher = difflib.SequenceMatcher(None, was.words, now.words, autojunk=False)
    for operation, i, i_end, j, j_end in matcher.get_opcodes():
        if operation != "equal":
            parts.append(f"{_span(old, old_places, i, i_end)} → {_span(new, new_places, j, j_end)}")
    return "; ".join(parts)


def _span(text: str, places: Sequence[tuple[int, int]], first: int, last: int) -> str:
    """These words as written, at most `MOST_WORDS`; "–" for none."""
    if first == last:
        return "–"
    cut = min(last, first + MOST_WORDS)
    return " ".join(text[places[first][0] : places[cut - 1][1]].split()) + ("…" if cut < last else "")


def _with_moves(found: list[Difference], old: str, new: str) -> Iterator[Difference]:
    """Join a removal and an addition of the same words into a move."""
    removed = {_key(old, d.old): d for d in found if d.kind is DifferenceKind.REMOVED and d.old is not None}
    moved: set[tuple[int, int] | None] = set()
    result: list[Difference] = []
    for difference in found:
        origin = removed.pop(_key(new, difference.new), None) if difference.kind is DifferenceKind.ADDED else None
        if origin is None:
            result.append(difference)
        else:
            moved.add(origin.old)
            result.append(Difference(DifferenceKind.MOVED, origin.old, difference.new))
    return (d for d in result if not (d.kind is DifferenceKind.REMOVED and d.old in moved))


def _key(text: str, span: tuple[int, int] | None) -> tuple[str, ...]:
    return tuple(_WORD.findall(text[span[0] : span[1]])) if span else ()
