"""Documents named in a question: @report.pdf, @"annual report.pdf"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# An "@" begins a mention at the start of a word only: anna@example.com is none.
_MENTION = re.compile(r'(?<![^\s(\[{«“„"\'])@(?:"([^"\n]{1,300})"|“([^”\n]{1,300})”|([^\s"@]{1,300}))')
MAX_EXTRA_WORDS = 6
"""Of a name without quotes that are tried after its first word."""
MAX_NAME_CHARS = 300
_TRAILING = ".,;:!?)]}'\"»”…"


@dataclass(frozen=True, slots=True)
class QuestionMentions:
    """A question as it is searched and given to the model, and what it names: ids of documents, names of none."""

    question: str
    document_ids: frozenset[int]
    unknown_names: tuple[str, ...]


def read_mentions(question: str, find_documents: Callable[[str], Sequence[int]]) -> QuestionMentions:
    """`question` with each mention replaced by the name alone. `find` gives the documents of a name (`Scopes.named`);
    a name that has none stays in the question as it was typed. A name with spaces is known without quotes too."""
    documents: set[int] = set()
    unknown: list[str] = []
    parts: list[str] = []
    done = 0
    for match in _MENTION.finditer(question):
        if match.start() < done:
            continue
        quoted = match[1] or match[2]
        name = (quoted or match[3]).strip()
        candidates = [name] if quoted else [name, name.rstrip(_TRAILING), *_longer_names(question, match.start(3))]
        known = next((one for one in dict.fromkeys(candidates) if one and find_documents(one)), None)
        if known is not None:
            documents.update(find_documents(known))
            parts += (question[done : match.start()], known)
            done = match.end() if quoted else match.start(3) + len(known)
        elif trimmed := name if quoted else name.rstrip(_TRAILING):
            unknown.append(trimmed)
    return QuestionMentions("".join(parts) + question[done:], frozenset(documents), tuple(dict.fromkeys(unknown)))


def _longer_names(question: str, start: int) -> Iterator[str]:
    """What stands from `start` on to the ends of the words that follow the first, the longest first."""
    line = question[start : start + MAX_NAME_CHARS].split("\n", 1)[0]
    ends = [word.end() for word in re.finditer(r"\S+", line)][1 : 1 + MAX_EXTRA_WORDS]
    for end in reversed(ends):
        yield line[:end].rstrip(_TRAILING)
