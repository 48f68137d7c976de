"""Questions with the places that hold their answers, as a file of them says it: one JSON object a line.

`{"id", "question", "relevant": [{"doc", "quote" | "start"/"end" | "page"}]}`; `doc` is a path below the folder of
documents, `start`/`end` are offsets into the document's text, `page` is 0-based. Nothing relevant means that the
documents do not hold the answer. `kind` sorts questions; other keys are not used.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.faults import N_, Fault


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """A place that answers: a whole document, a page of it, or words in it."""

    document: str
    quote: str = ""
    start: int | None = None
    end: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """`gold` is empty where the documents do not hold the answer. `corpus` names the documents it is put to."""

    id: str
    text: str
    gold: tuple[GoldAnswer, ...]
    kind: str = ""
    corpus: str = ""


def read_questions(path: Path) -> list[KnownQuestion]:
    """Raises a `Fault` for a file that cannot be read or says something else."""
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            found = []
            for number, line in enumerate(file, 1):  # noqa: B007  # the fault names the line
                if line.strip():
                    found.append(_question(json.loads(line)))
    except OSError as error:
        raise Fault(N_("No questions"), N_("{path} cannot be read: {why}."), path=path, why=error.strerror) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Fault(
            N_("No questions"), N_("Line {n} of {path} is no question with its places."), n=number, path=path
        ) from error
    return found


def _question(entry: dict[str, Any]) -> KnownQuestion:
    gold = tuple(
        GoldAnswer(str(place["doc"]), place.get("quote") or "", place.get("start"), place.get("end"), place.get("page"))
        for place in entry.get("relevant") or ()
    )
    kind, corpus = entry.get("kind") or "", entry.get("corpus") or ""
    return KnownQuestion(str(entry["id"]), str(entry["question"]), gold, str(kind), str(corpus))
