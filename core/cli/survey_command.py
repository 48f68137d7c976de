"""`papermoor survey`: a question put to every document, with coverage and a table."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.ask_command import scope_from
from core.cli.output import Output
from core.domain.conversation import SurveyKind
from core.domain.faults import N_, Fault
from core.i18n import ngettext, tr
from core.jobs import Job
from core.survey.export import coverage_statement, to_csv, to_markdown
from core.survey.summarising import numbered_findings
from core.survey.values import Survey
from core.workspace import Workspace
from models.conversation import Effort


def survey_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Begin a survey, or go on with one; list or delete them."""
    if arguments.list:
        _print_list(workspace, output)
        return
    if arguments.delete:
        _require_survey(workspace, arguments.delete)
        workspace.surveys.delete(arguments.delete)
        return
    if arguments.export is None:
        workspace.engines.chat_path()  # says at once what is missing
    done = _require_survey(workspace, arguments.export) if arguments.export else _run(workspace, arguments, output)
    for path, text in ((arguments.csv, to_csv(done)), (arguments.markdown, to_markdown(done))):
        if path is not None:
            _write(path, text)
    if output.json:
        output.result(_survey_to_json(done))
    else:
        output.line(to_markdown(done))


def _run(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> Survey:
    surveys = workspace.surveys
    if arguments.resume:
        survey_id = _require_survey(workspace, arguments.resume).id
        if arguments.retry:
            surveys.retry_failed(survey_id)
    else:
        scope = scope_from(workspace, arguments)
        kind = SurveyKind(arguments.kind) if arguments.kind else None
        survey_id = surveys.create(arguments.question, scope, kind, Effort(arguments.effort))
        estimate = surveys.estimate(scope, arguments.question)
        minutes = max(1, round(estimate.expected_s / 60))
        if not output.json:
            output.note(
                ngettext("{n} document, about {minutes} min", "{n} documents, about {minutes} min", estimate.documents,
                         minutes=minutes)
            )  # fmt: skip
    if not output.json:
        output.note(tr("Survey {n}; if it is stopped, go on with: papermoor survey --resume {n}", n=survey_id))
    done = surveys.run(survey_id, Job(output.progress))
    output.finish_progress()
    return done


def _require_survey(workspace: Workspace, survey_id: int) -> Survey:
    try:
        return workspace.surveys.get(survey_id)
    except KeyError:
        raise Fault(N_("No such survey"), N_("There is no survey with the number {n}."), n=survey_id) from None


def _print_list(workspace: Workspace, output: Output) -> None:
    heads = workspace.surveys.list()
    if output.json:
        output.result({"surveys": [asdict(head) for head in heads]})
        return
    for head in heads:
        state = tr("done") if head.done else tr("stopped")
        output.line(f"{head.id}  {head.read + head.failed}/{head.documents}  {state}  {head.question}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="")
    except OSError as error:
        raise Fault(N_("Not written"), N_("{path} cannot be written: {why}."), path=path, why=error.strerror) from error


def _survey_to_json(done: Survey) -> dict[str, Any]:
    findings = [
        {
            "number": n,
            "path": str(row.path),
            "text": finding.text,
            "value": finding.value,
            "meets": finding.meets,
            "page": finding.citation.page,
            "section": finding.citation.section,
            "start": finding.citation.start,
            "end": finding.citation.end,
            "quote": finding.citation.quote,
            "support": finding.citation.support.value,
        }
        for n, row, finding in numbered_findings(done)
    ]
    rows = [
        {"path": str(row.path), "state": row.state.value, "reason": row.reason, "parts": row.parts,
         "failed_parts": row.failed_parts}
        for row in done.rows
    ]  # fmt: skip
    return {
        "id": done.id,
        "question": done.question,
        "kind": done.kind.value,
        "done": done.done,
        "summary": done.summary,
        "summary_cut": done.summary_cut,
        "coverage": coverage_statement(done),
        "documents": rows,
        "findings": findings,
    }
