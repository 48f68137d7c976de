"""Reads the documents mentioned in a question: @report.pdf, @"annual report.pdf"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

# Only an "@" at the start of a word begins a mention: "anna@example.com" has none.
_MENTION = re.compile(r'(?<![^\s(\[{«“„"\'])@(?:"([^"\n]{1,300})"|“([^”\n]{1,300})”|([^\s"@]{1,300}))')
MAX_EXTRA_WORDS = 6
"""After the first, that an unquoted name may have."""
MAX_NAME_CHARS = 300
MAX_MENTIONS = 100
"""Later ones stay in the question as typed: each is looked up in the library."""
_TRAILING = ".,;:!?)]}'\"»”…"


@dataclass(frozen=True, slots=True)
class QuestionMentions:
    """A question with its mentions replaced by plain names, the ids of the documents mentioned, and the names that no
    document has."""

    question: str
    document_ids: frozenset[int]
    unknown_names: tuple[str, ...]


def read_mentions(question: str, find_documents: Callable[[str], Sequence[int]]) -> QuestionMentions:
    """Read the mentions in `question`. `find_documents` returns the ids of the documents with a name.

    A mention that names no document stays in the question as typed. A name with spaces may stand without quotes: the
    longest name that a document has is taken.
    """
    document_ids: set[int] = set()
    unknown_names: list[str] = []
    parts: list[str] = []
    copied = 0  # characters of the question that are in `parts`
    for match in islice(_MENTION.finditer(question), MAX_MENTIONS):
        if match.start() < copied:
            continue
        quoted = match[1] or match[2]
        name = (quoted or match[3]).strip()
        candidates = [name] if quoted else [name, name.rstrip(_TRAILING), *_longer_names(question, match.start(3))]
        found = next((one for one in dict.fromkeys(candidates) if one and find_documents(one)), None)
        if found is not None:
            document_ids.update(find_documents(found))
            parts += (question[copied : match.start()], found)
            copied = match.end() if quoted else match.start(3) + len(found)
        elif trimmed := name if quoted else name.rstrip(_TRAILING):
            unknown_names.append(trimmed)
    text = "".join(parts) + question[copied:]
    return QuestionMentions(text, frozenset(document_ids), tuple(dict.fromkeys(unknown_names)))


def _longer_names(question: str, start: int) -> Iterator[str]:
    """Yield the text from `start` to the end of each following word but the first, longest first."""
    line = question[start : start + MAX_NAME_CHARS].split("\n", 1)[0]
    ends = [word.end() for word in re.finditer(r"\S+", line)][1 : 1 + MAX_EXTRA_WORDS]
    for end in reversed(ends):
        yield line[:end].rstrip(_TRAILING)
