"""The commands index, remove, search, text, status and doctor."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from core.cli.explanation import explanation_lines
from core.cli.json_values import index_report_values, removal_values, search_result_values
from core.cli.output import Output, location_text
from core.diagnosis import diagnose
from core.domain.documents import Folder, SearchResult
from core.domain.faults import N_, Fault
from core.engines.model_registry import ModelState, ModelStatus
from core.i18n import fault_text, ngettext, tr
from core.jobs import Job
from core.parsing.process.passwords import Passwords
from core.workspace import Workspace


def index_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Add folders or files to the library, or bring those in it up to date, and report what changed."""
    _require_paths(workspace, arguments.paths)
    _retry_with_passwords(workspace, _passwords(arguments))
    report = workspace.library.index(arguments.paths, Job(output.progress))
    output.finish_progress()
    if output.json:
        output.result(index_report_values(report))
        return
    output.line(
        ngettext("{n} document", "{n} documents", report.documents)
        + tr(": {indexed} indexed, {unchanged} unchanged, {removed} removed; {chunks} passages in {seconds} s",
             indexed=report.indexed, unchanged=report.unchanged, removed=report.removed, chunks=report.passages,
             seconds=f"{report.seconds:.1f}")
    )  # fmt: skip
    for skipped in report.skipped:
        output.line(tr("left out: {path}: {reason}", path=skipped.path, reason=skipped.reason))
    for noted in report.noted:
        output.line(tr("in part: {path}: {reason}", path=noted.path, reason=noted.reason))
    for scanned in report.scanned:
        output.line(tr("scanned: {path}: {reason}", path=scanned.path, reason=scanned.reason))


def remove_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Remove folders or files that were added, with everything made from them; the files themselves stay."""
    folders = [_added_folder(workspace, path) for path in arguments.paths]
    before = workspace.library.counts()
    for folder in folders:
        workspace.library.remove(folder.id, Job(output.progress))
    output.finish_progress()
    after = workspace.library.counts()
    removed = removal_values([folder.path for folder in folders], before, after)
    if output.json:
        output.result(removed)
        return
    for folder in folders:
        output.line(tr("removed: {path}", path=folder.path))
    output.line(
        ngettext("{n} document", "{n} documents", removed["documents"])
        + tr(" and {passages} passages were removed. The files themselves are untouched.", passages=removed["chunks"])
    )


def _added_folder(workspace: Workspace, path: Path) -> Folder:
    """The folder or single file of the library that was added as `path`."""
    wanted = Path(os.path.abspath(path.expanduser()))
    for folder in workspace.library.folders():
        if folder.path == wanted:
            return folder
        if folder.path in wanted.parents:
            raise Fault(
                N_("Not removed"),
                N_("{path} is part of {folder}, which was added as a whole."),
                N_("Remove that folder, or move the file out of it and index again."),
                path=wanted,
                folder=folder.path,
            )
    raise Fault(
        N_("Not removed"),
        N_("{path} is not in the library."),
        N_("“papermoor status” lists what is."),
        path=wanted,
    )


def search_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Print the passages found for a query, or a line of JSON for each query of a file."""

    def find(question: str) -> SearchResult:
        return workspace.retriever.search(
            question, limit=arguments.limit, max_chars=arguments.max_chars, explain=arguments.explain, rerank=True
        )

    if arguments.queries is not None:
        for query_id, question in _queries(arguments.queries):
            output.result(search_result_values(query_id, find(question)))
    elif not arguments.query.strip():
        raise Fault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
    elif output.json:
        output.result(search_result_values(None, find(arguments.query)))
    else:
        found = find(arguments.query)
        _print_passages(found, output)
        if not found.semantic:
            output.note(_keywords_only_text(workspace.model_registry.embedder()))


def text_command(arguments: argparse.Namespace, output: Output) -> None:
    """Print the text that is read from a file. Needs no library."""
    from core.parsing.ocr import tessdata
    from core.parsing.process.pool import ParserPool

    path, passwords = arguments.path, Passwords()
    for password in _passwords(arguments):
        passwords.add(password, path)
    with ParserPool(workers=1, passwords=passwords) as pool:
        parsed = pool.parse(path, ocr_languages=() if arguments.no_ocr else tessdata.choose_languages(""))
    if output.json:
        output.result({"path": str(path), "title": parsed.title, "format": parsed.format,
                       "pages": list(parsed.pages), "recognised_pages": list(parsed.ocr_pages),
                       "warnings": list(parsed.warnings), "text": parsed.text})  # fmt: skip
        return
    if parsed.ocr_ranges:
        output.note(tr("Text in its pictures was read by text recognition (OCR), which makes mistakes."))
    elif parsed.ocr_pages:
        output.note(tr("This file is scanned: its text was read by text recognition (OCR), which makes mistakes."))
    output.write(parsed.text if parsed.text.endswith("\n") else parsed.text + "\n", sys.stdout)


def status_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Print what is in the library."""
    _print_diagnosis(workspace, output, full=False)


def doctor_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Print the status, the environment and the results of checking the stores; with --repair, mend them
    before; with --log, print the sealed log of an encrypted library on stderr."""
    if arguments.repair:
        job = Job(output.progress)
        workspace.mend(job)
        workspace.library.index(None, job)
        output.finish_progress()
    _print_diagnosis(workspace, output, full=True)
    if arguments.log:
        for record in workspace.encryption.log_records():
            output.note(record)


def _passwords(arguments: argparse.Namespace) -> list[str]:
    """Return the passwords given as options or in the environment, where other users of the machine cannot see them."""
    return [*filter(None, [os.environ.get("PAPERMOOR_PASSWORD")]), *(arguments.password or ())]


def _retry_with_passwords(workspace: Workspace, passwords: Sequence[str]) -> None:
    """Have encrypted documents tried with `passwords`, also those that were skipped before."""
    for password in passwords:
        workspace.passwords.add(password)
    if passwords:
        workspace.library.retry(document.id for document in workspace.library.documents() if document.is_locked)


def _require_paths(workspace: Workspace, paths: Sequence[Path]) -> None:
    """Raise `Fault` for a path that is neither on the disk nor in the library. One in the library may have been deleted
    since: indexing it removes its documents."""
    added = [folder.path for folder in workspace.library.folders()]
    for path in (path.expanduser().absolute() for path in paths):
        if not path.exists() and not any(path.is_relative_to(folder) for folder in added):
            raise Fault(N_("Nothing there"), N_("There is no file or folder {path}."), path=path)


def _print_diagnosis(workspace: Workspace, output: Output, *, full: bool) -> None:
    diagnosis = diagnose(workspace, full=full)
    if output.json:
        output.result(diagnosis.values)
        return
    for line in diagnosis.lines:
        output.line(line)


def _queries(path: Path) -> Iterator[tuple[Any, str]]:
    """Yield id and question of each line. Raises `Fault` if the file cannot be read or a line has no question."""
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


def _print_passages(found: SearchResult, output: Output) -> None:
    if not found.passages:
        output.line(tr("Nothing found in {n} documents.", n=found.documents_searched))
    for passage in found.passages:
        output.line(f"{passage.rank}. {location_text(passage)}")
        output.line("   " + " ".join(passage.text.split())[:400])
        for line in explanation_lines(passage):
            output.line("   " + line)


def _keywords_only_text(embedder: ModelStatus) -> str:
    """Say why a search did not use an embedding model."""
    if embedder.fault is not None:
        return tr("Searched by keywords only: {why}", why=fault_text(embedder.fault))
    if embedder.state is ModelState.ABSENT:
        return tr("Searched by keywords only: there is no embedding model yet.")
    return tr("Searched by keywords only: the embedding model does not know the language of the question.")
