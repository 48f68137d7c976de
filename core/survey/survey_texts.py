"""Texts about a survey, for the window: its state, what was not read, the cells of its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core.chat.messages import support_label
from core.domain.file_names import disambiguated_names
from core.domain.locations import location_words, section_words
from core.i18n import tr
from core.survey.run_state import SurveyRun
from core.survey.values import Finding, Survey, SurveyListEntry, SurveyRow


class FindingCells(NamedTuple):
    """The cells of a finding in the table, in the order of its columns."""

    number: str
    document: str
    finding: str
    value: str
    quotation: str
    checked: str


def finding_cells(number: int, row: SurveyRow, finding: Finding, name: str) -> FindingCells:
    """Return the cells of a finding in the document called `name`. A value gets a question mark if it could not be
    compared with the survey's condition."""
    cited = finding.citation
    document = " · ".join(filter(None, (name, location_words(cited), section_words(cited))))
    value = f"{finding.value} ?" if finding.value and finding.meets is None else finding.value
    return FindingCells(str(number), document, finding.text, value, cited.quote, support_label(cited.support))


def unread_documents(rows: Sequence[SurveyRow]) -> list[str]:
    """Return a line for each document that was not read, or not to its end, with the reason."""
    names = disambiguated_names(row.path for row in rows)
    return [tr("{name}: {reason}", name=names[row.path], reason=row.reason) for row in rows if row.reason]


def list_entry_state(entry: SurveyListEntry) -> str:
    """State in the list of surveys how far one is."""
    read = tr("{read} of {documents} read", read=entry.read + entry.failed, documents=entry.documents)
    return tr("Done") if entry.done else read


def run_text(run: SurveyRun, time_left: str) -> str:
    """State what a run is doing. `time_left` is `run.seconds_left` in words, empty if unknown."""
    if run.stopping:
        return tr("Stopping after the part that is being read…")
    if run.paused:
        return tr("A question is answered first; the survey goes on after it.")
    if run.loading is not None:
        return tr("The model is being loaded")
    if not run.total:
        return tr("Waiting for the model…")
    if run.done >= run.total:
        return tr("Everything is read; the answer is being written.")
    counted = tr("Reading document {n} of {total}", n=run.done + 1, total=run.total)
    return " · ".join(filter(None, (counted, run.name, time_left)))


def idle_text(survey: Survey, *, another_runs: bool) -> str:
    """State why a survey that is not done does not run; empty if it is done."""
    if survey.done:
        return ""
    if another_runs:
        return tr("Another survey is being read now; this one can go on after it.")
    return tr("Stopped. What was read is kept.")
