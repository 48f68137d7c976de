"""Documents named in a question: @report.pdf, @"annual report.pdf"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# An "@" begins a mention at the start of a word only: anna@example.com is none.
_MENTION = re.compile(r'(?<![^\s(\[{«“„"\'])@(?:"([^"\n]{1,300})"|“([^”\n]{1,300})”|([^\s"@]{1,300}))')
_TRAILING = ".,;:!?)]}'\"»”…"


@dataclass(frozen=True, slots=True)
class Mentioned:
    """A question as it is searched and given to the model, and what it names: ids of documents, names of none."""

    question: str
    documents: frozenset[int]
    unknown: tuple[str, ...]


def read_mentions(question: str, find: Callable[[str], Sequence[int]]) -> Mentioned:
    """`question` with each mention replaced by the name alone. `find` gives the documents of a name (`Scopes.named`);
    a name that has none stays in the question as it was typed."""
    documents: set[int] = set()
    unknown: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        quoted = match[1] or match[2]
        name = (quoted or match[3]).strip()
        trimmed = name if quoted else name.rstrip(_TRAILING)
        for candidate in dict.fromkeys((name, trimmed)):
            if candidate and (found := find(candidate)):
                documents.update(found)
                return candidate + ("" if quoted else match[3][len(candidate) :])
        if trimmed:
            unknown.append(trimmed)
        return match[0]

    text = _MENTION.sub(replaced, question)
    return Mentioned(text, frozenset(documents), tuple(dict.fromkeys(unknown)))
