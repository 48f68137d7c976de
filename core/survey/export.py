"""A survey as a table that other programs read: CSV and Markdown, each row with its citation."""

from __future__ import annotations

import csv
import io
import re

from core.chat.messages import support_label
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names, readable
from core.domain.locations import place_words, section_words
from core.i18n import ngettext, tr
from core.survey.summarising import numbered_findings
from core.survey.values import Finding, RowState, Survey, SurveyRow

_MARKUP = re.compile(r"[\\|<\[\]`*]")
_ACTIVE_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\[(?!\d{1,4}\](?![(:]))")
"""What begins HTML, a link or a picture: a bracket with anything but the number of a source."""


def to_csv(survey: Survey) -> str:
    """A line a finding, and one for each document without any. Fields that a spreadsheet would take for a formula are
    preceded by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    columns = [tr("Document"), tr("Finding"), tr("Value"), tr("Meets the condition"), tr("Quotation"), tr("Page")]
    writer.writerow([*columns, tr("Start"), tr("End"), tr("Checked"), tr("Path"), tr("Place")])
    for row in survey.rows:
        findings = [finding for finding in row.findings if finding.meets is not False]
        if not findings:
            writer.writerow(map(_csv_safe, (row.path.name, _no_finding_text(row), *[""] * 7, str(row.path), "")))
        for finding in findings:
            writer.writerow(map(_csv_safe, _csv_fields(row, finding)))
    return out.getvalue()


def to_markdown(survey: Survey) -> str:
    """Question, coverage, summary, then the table."""
    lines = [f"# {_markdown_cell(survey.question)}", "", coverage_statement(survey), ""]
    if survey.summary:
        lines += [_without_active_markup(survey.summary), ""]
    if survey.summary_cut:
        lines += [tr("The summary was cut before its end."), ""]
    columns = ["", tr("Document"), tr("Finding"), tr("Quotation"), tr("Checked")]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    names = disambiguated_names(row.path for row in survey.rows)
    for n, row, finding in numbered_findings(survey):
        place, found = _markdown_cell(_location_text(finding.citation, names[row.path])), _markdown_cell(finding.text)
        lines.append(
            f"| {n} | {place} | {found} | {_markdown_cell(finding.citation.quote)} | {support_label(finding.citation.support)} |"
        )
    if unread := [row for row in survey.rows if row.reason or row.state is RowState.WAITING]:
        heading, waiting = tr("Not read, or not to the end"), tr("not read yet")
        lines += ["", f"## {heading}", ""]
        lines += [f"- {_markdown_cell(names[row.path])}: {row.reason or waiting}" for row in unread]
    return "\n".join(lines) + "\n"


def coverage_statement(survey: Survey) -> str:
    """How many documents were read and how many failed: what goes with every answer about everything."""
    covered = survey.coverage
    parts = [
        tr("Read {read} of {documents} documents; {found} of them had something to say.",
           read=covered.read, documents=covered.documents, found=covered.with_findings),
    ]  # fmt: skip
    if covered.failed:
        parts.append(ngettext("{n} could not be read.", "{n} could not be read.", covered.failed))
    if covered.partly_read:
        parts.append(ngettext("{n} was read in part.", "{n} were read in part.", covered.partly_read))
    if survey.condition is not None:
        unsure = sum(finding.meets is None for _, _, finding in numbered_findings(survey))
        if covered.excluded_findings:
            parts.append(
                ngettext("{n} entry was left out: not {condition}.", "{n} entries were left out: not {condition}.",
                         covered.excluded_findings, condition=survey.condition.words)
            )  # fmt: skip
        if unsure:
            parts.append(ngettext("{n} entry could not be checked.", "{n} entries could not be checked.", unsure))
    return " ".join(parts)


def _csv_fields(row: SurveyRow, finding: Finding) -> tuple[str, ...]:
    cited = finding.citation
    page = "" if cited.page is None else str(cited.page + 1)
    meets = {True: tr("yes"), False: tr("no"), None: ""}[finding.meets]
    found = (row.path.name, finding.text, finding.value, meets, cited.quote)
    place = (page, str(cited.start), str(cited.end))
    return (*found, *place, support_label(finding.citation.support), str(row.path), _location_text(cited))


def _location_text(cited: Citation, name: str = "") -> str:
    return ", ".join(filter(None, (name, place_words(cited), section_words(cited))))


def _no_finding_text(row: SurveyRow) -> str:
    if row.state is RowState.FAILED:
        return row.reason
    return tr("nothing found") if row.state is RowState.READ else tr("not read yet")


def _csv_safe(field: str) -> str:
    field = readable(field)
    return "'" + field if field[:1] in ("=", "+", "-", "@", "\t", "\r") else field


def _markdown_cell(text: str) -> str:
    """`text` on one line and as it stands: nothing in it is Markdown, so that no program loads a picture for it."""
    return " ".join(_MARKUP.sub(r"\\\g<0>", readable(text)).split())


def _without_active_markup(markdown: str) -> str:
    """What the model wrote, with its lists and emphasis, but no picture, link or HTML that another program loads."""
    return _ACTIVE_MARKUP.sub(r"\\\g<0>", readable(markdown))
