"""The commands: each reads its arguments, calls a service and prints what came back."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.explanation import explanation_lines
from core.cli.output import Output, location_text
from core.diagnosis import diagnose
from core.domain.documents import Passage, SearchResult
from core.domain.faults import N_, Fault
from core.engines.model_registry import ModelState, ModelStatus
from core.i18n import fault_text, ngettext, tr
from core.jobs import Job
from core.parsing.process.passwords import Passwords
from core.workspace import Workspace


def index_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    _require_paths(workspace, arguments.paths)
    _retry_with_passwords(workspace, _passwords(arguments))
    report = workspace.library.index(arguments.paths, Job(output.progress))
    output.finish_progress()
    if output.json:
        scanned = [{"path": str(one.path), "reason": one.reason, "indexed": True} for one in report.scanned]
        skipped = [{"path": str(skip.path), "reason": skip.reason} for skip in report.skipped]
        noted = [{"path": str(one.path), "reason": one.reason, "indexed": True} for one in report.noted]
        output.result(asdict(report) | {"skipped": skipped + scanned, "scanned": scanned, "noted": noted})
        return
    output.line(
        ngettext("{n} document", "{n} documents", report.documents)
        + tr(": {indexed} indexed, {unchanged} unchanged, {removed} removed; {chunks} passages in {seconds} s",
             indexed=report.indexed, unchanged=report.unchanged, removed=report.removed, chunks=report.passages,
             seconds=f"{report.seconds:.1f}")
    )  # fmt: skip
    for skip in report.skipped:
        output.line(tr("left out: {path}: {reason}", path=skip.path, reason=skip.reason))
    for note in report.noted:
        output.line(tr("in part: {path}: {reason}", path=note.path, reason=note.reason))
    for one in report.scanned:
        output.line(tr("scanned: {path}: {reason}", path=one.path, reason=one.reason))


def search_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    def find(question: str) -> SearchResult:
        return workspace.retriever.search(
            question, limit=arguments.limit, max_chars=arguments.max_chars, explain=arguments.explain, rerank=True
        )

    if arguments.queries is not None:
        for query_id, question in _queries(arguments.queries):
            output.result(_result_to_json(query_id, find(question)))
    elif not arguments.query.strip():
        raise Fault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
    elif output.json:
        output.result(_result_to_json(None, find(arguments.query)))
    else:
        found = find(arguments.query)
        _print_passages(found, output)
        if not found.semantic:
            output.note(_keywords_only_text(workspace.shelf.embedder()))


def text_command(arguments: argparse.Namespace, output: Output) -> None:
    """Print what the parser reads from a file; needs no library."""
    from core.parsing.ocr import tessdata
    from core.parsing.process.pool import ParserPool

    path, passwords = arguments.path, Passwords()
    for password in _passwords(arguments):
        passwords.give(password, path)
    with ParserPool(workers=1, passwords=passwords) as pool:
        parsed = pool.parse(path, recognise=() if arguments.no_ocr else tessdata.chosen(""))
    if output.json:
        output.result({"path": str(path), "title": parsed.title, "format": parsed.format,
                       "pages": list(parsed.pages), "recognised_pages": list(parsed.recognised),
                       "warnings": list(parsed.warnings), "text": parsed.text})  # fmt: skip
        return
    if parsed.pictured:
        output.note(tr("Text in its pictures was read by text recognition (OCR), which makes mistakes."))
    elif parsed.recognised:
        output.note(tr("This file is scanned: its text was read by text recognition (OCR), which makes mistakes."))
    sys.stdout.write(parsed.text if parsed.text.endswith("\n") else parsed.text + "\n")
    sys.stdout.flush()


def status_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    _print_diagnosis(workspace, output, full=False)


def doctor_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    _print_diagnosis(workspace, output, full=True)


def _passwords(arguments: argparse.Namespace) -> list[str]:
    """Those that were given; on the command line other people may see them, in the environment they do not."""
    return [*filter(None, [os.environ.get("PAPERMOOR_PASSWORD")]), *(arguments.password or ())]


def _retry_with_passwords(workspace: Workspace, passwords: Sequence[str]) -> None:
    """Try them on the encrypted documents, those that were skipped before, too."""
    for password in passwords:
        workspace.passwords.give(password)
    if passwords:
        workspace.library.retry(document.id for document in workspace.library.documents() if document.is_locked)


def _require_paths(workspace: Workspace, paths: Sequence[Path]) -> None:
    """Raise for a path that is neither on the disk nor in the library (one that was there may be gone by now)."""
    known = [folder.path for folder in workspace.library.folders()]
    for path in (path.expanduser().absolute() for path in paths):
        if not path.exists() and not any(path.is_relative_to(folder) for folder in known):
            raise Fault(N_("Nothing there"), N_("There is no file or folder {path}."), path=path)


def _print_diagnosis(workspace: Workspace, output: Output, *, full: bool) -> None:
    diagnosis = diagnose(workspace, full=full)
    if output.json:
        output.result(diagnosis.values)
        return
    for line in diagnosis.lines:
        output.line(line)


def _queries(path: Path) -> Iterator[tuple[Any, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                query = json.loads(line)
                if not isinstance(query, dict) or not isinstance(query.get("question"), str):
                    raise ValueError(number)
                yield query.get("id"), query["question"]
    except OSError as error:
        raise Fault(N_("No queries"), N_("{path} cannot be read: {why}."), path=path, why=error.strerror) from error
    except ValueError as error:
        raise Fault(
            N_("No queries"), N_('{path} is not a file of lines like {{"id": "1", "question": "…"}}.'), path=path
        ) from error


def _result_to_json(query_id: Any, found: SearchResult) -> dict[str, Any]:
    return {
        "id": query_id,
        "query": found.query,
        "answered": round(found.answerability, 4),
        "passages": [_passage_to_json(passage) for passage in found.passages],
    }


def _passage_to_json(passage: Passage) -> dict[str, Any]:
    values = {
        "rank": passage.rank,
        "score": round(passage.score, 6),
        "path": str(passage.path),
        "page": passage.page,
        "section": passage.section,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
    }
    return values if passage.why is None else values | {"why": asdict(passage.why)}


def _print_passages(found: SearchResult, output: Output) -> None:
    if not found.passages:
        output.line(tr("Nothing found in {n} documents.", n=found.documents_searched))
    for passage in found.passages:
        output.line(f"{passage.rank}. {location_text(passage)}")
        output.line("   " + " ".join(passage.text.split())[:400])
        for line in explanation_lines(passage):
            output.line("   " + line)


def _keywords_only_text(embedder: ModelStatus) -> str:
    if embedder.fault is not None:
        return tr("Searched by keywords only: {why}", why=fault_text(embedder.fault))
    if embedder.state is ModelState.ABSENT:
        return tr("Searched by keywords only: there is no embedding model yet.")
    return tr("Searched by keywords only: the embedding model does not know the language of the question.")
