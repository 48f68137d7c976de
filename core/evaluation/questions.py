"""Reads questions with gold answers from a JSON Lines file.

A line is `{"id", "question", "relevant": [{"doc", "quote" | "start"/"end" | "page"}]}`. `doc` is a path relative to the
folder of documents, `start` and `end` are offsets in the document's text, `page` is 0-based. If nothing is relevant,
the documents do not contain the answer. `kind` and `corpus` are optional; other keys are ignored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.faults import N_, Fault


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """What answers a question: a whole document, a page of it, or words in it."""

    document: str
    quote: str = ""
    start: int | None = None
    end: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """`gold` is empty if the documents do not contain the answer. Results are reported by `kind`; `corpus` is the name
    of the folder that a question without an answer is for, empty for any."""

    id: str
    text: str
    gold: tuple[GoldAnswer, ...]
    kind: str = ""
    corpus: str = ""


def read_questions(path: Path) -> list[KnownQuestion]:
    """Read the questions in `path`. Raises `Fault` if it cannot be read or a line is not a question."""
    number = 0
    questions = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):  # noqa: B007  # used in the fault below
                if line.strip():
                    questions.append(_parse_question(json.loads(line)))
    except OSError as error:
        raise Fault(N_("No questions"), N_("{path} cannot be read: {why}."), path=path, why=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Fault(
            N_("No questions"), N_("Line {n} of {path} is no question with its places."), n=number, path=path
        ) from error
    return questions


def _parse_question(entry: dict[str, Any]) -> KnownQuestion:
    gold = tuple(
        GoldAnswer(str(item["doc"]), item.get("quote") or "", item.get("start"), item.get("end"), item.get("page"))
        for item in entry.get("relevant") or ()
    )
    kind, corpus = entry.get("kind") or "", entry.get("corpus") or ""
    return KnownQuestion(str(entry["id"]), str(entry["question"]), gold, str(kind), str(corpus))
