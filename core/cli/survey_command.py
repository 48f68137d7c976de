"""`papermoor survey`: runs, resumes, exports, lists and deletes surveys."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.ask_command import scope_from
from core.cli.json_values import survey_list_values, survey_values
from core.cli.output import Output
from core.domain.conversation import SurveyKind
from core.domain.faults import N_, Fault
from core.domain.text_files import write_text_file
from core.i18n import ngettext, tr
from core.jobs import Job
from core.survey.export import to_csv, to_markdown
from core.survey.values import Survey
from core.workspace import Workspace
from models.conversation import Effort


def survey_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Run or resume a survey and print it; or export, list or delete one."""
    if arguments.list:
        _print_list(workspace, output)
        return
    if arguments.delete:
        _require_survey(workspace, arguments.delete)
        workspace.surveys.delete(arguments.delete)
        return
    if arguments.export is None:
        workspace.engines.chat_path()  # fails at once if there is no model
    survey = _require_survey(workspace, arguments.export) if arguments.export else _run(workspace, arguments, output)
    for path, text in ((arguments.csv, to_csv(survey)), (arguments.markdown, to_markdown(survey))):
        if path is not None:
            _write(path, text)
    if output.json:
        output.result(survey_values(survey))
    else:
        output.line(to_markdown(survey))


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
    survey = surveys.run(survey_id, Job(output.progress))
    output.finish_progress()
    return survey


def _require_survey(workspace: Workspace, survey_id: int) -> Survey:
    """Return the survey, or raise `Fault` if there is none with this id."""
    try:
        return workspace.surveys.get(survey_id)
    except KeyError:
        raise Fault(N_("No such survey"), N_("There is no survey with the number {n}."), n=survey_id) from None


def _print_list(workspace: Workspace, output: Output) -> None:
    entries = workspace.surveys.list()
    if output.json:
        output.result(survey_list_values(entries))
        return
    for entry in entries:
        state = tr("done") if entry.done else tr("stopped")
        output.line(f"{entry.id}  {entry.read + entry.failed}/{entry.documents}  {state}  {entry.question}")


def _write(path: Path, text: str) -> None:
    try:
        write_text_file(path, text, "utf-8-sig" if path.suffix == ".csv" else "utf-8")
    except OSError as error:
        raise Fault(N_("Not written"), N_("{path} cannot be written: {why}."), path=path, why=error.strerror) from error
