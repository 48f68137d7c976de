"""`papermoor survey`: a question put to every document, with coverage and a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.output import Output
from core.faults import N_, Fault
from core.i18n import tr
from core.jobs import Job
from core.survey.export import coverage_statement, to_csv, to_markdown
from core.survey.survey import numbered
from core.survey.values import Survey
from core.workspace import Workspace
from models.conversation import Effort


def survey(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    workspace.engines.chat_path()  # says at once what is missing
    surveys = workspace.surveys
    survey_id = arguments.resume or surveys.create(arguments.question)
    try:
        surveys.store.get(survey_id)
    except KeyError:
        raise Fault(N_("No such survey"), N_("There is no survey with the number {n}."), n=survey_id) from None
    if not output.json:
        output.note(tr("Survey {n}; if it is stopped, go on with: papermoor survey --resume {n}", n=survey_id))
    done = surveys.run(survey_id, Job(output.progress), effort=Effort(arguments.effort))
    output.finish_progress()
    for path, text in ((arguments.csv, to_csv(done)), (arguments.markdown, to_markdown(done))):
        if path is not None:
            _write(path, text)
    if output.json:
        output.result(_values(done))
    else:
        output.line(to_markdown(done))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8", newline="")
    except OSError as error:
        raise Fault(N_("Not written"), N_("{path} cannot be written: {why}."), path=path, why=error.strerror) from error


def _values(done: Survey) -> dict[str, Any]:
    findings = [
        {
            "number": n,
            "path": str(row.path),
            "text": finding.text,
            "page": finding.citation.page,
            "start": finding.citation.start,
            "end": finding.citation.end,
            "quote": finding.citation.quote,
            "support": finding.citation.support.value,
        }
        for n, row, finding in numbered(done)
    ]
    rows = [{"path": str(row.path), "state": row.state.value, "reason": row.reason} for row in done.rows]
    return {
        "id": done.id,
        "question": done.question,
        "summary": done.summary,
        "coverage": coverage_statement(done),
        "documents": rows,
        "findings": findings,
    }
