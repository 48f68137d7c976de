"""Exports a survey as CSV or Markdown, with a citation in each row."""

from __future__ import annotations

import csv
import io
import re

from core.chat.messages import support_label
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names, readable
from core.domain.locations import location_words, section_words
from core.i18n import ngettext, tr
from core.survey.summarising import numbered_findings
from core.survey.values import Finding, RowState, Survey, SurveyRow

_MARKUP = re.compile(r"[\\|<\[\]`*]")
_ACTIVE_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\[(?!\d{1,4}\](?![(:]))")
"""A bracket that could begin HTML, a link or a picture: any but that around the number of a source."""


def to_csv(survey: Survey) -> str:
    """Export a line for each finding and for each document without findings. Fields that a spreadsheet would read as a
    formula begin with an apostrophe."""
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
    """Export question, coverage, summary and the table of findings."""
    lines = [f"# {_markdown_cell(survey.question)}", "", coverage_statement(survey), ""]
    if survey.summary:
        lines += [_without_active_markup(survey.summary), ""]
    if survey.summary_cut:
        lines += [tr("The summary was cut before its end."), ""]
    columns = ["", tr("Document"), tr("Finding"), tr("Quotation"), tr("Checked")]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    names = disambiguated_names(row.path for row in survey.rows)
    for n, row, finding in numbered_findings(survey):
        citation = finding.citation
        texts = (_location_text(citation, names[row.path]), finding.text, citation.quote)
        cells = (str(n), *map(_markdown_cell, texts), support_label(citation.support))
        lines.append(f"| {' | '.join(cells)} |")
    if unread := [row for row in survey.rows if row.reason or row.state is RowState.WAITING]:
        heading, waiting = tr("Not read, or not to the end"), tr("not read yet")
        lines += ["", f"## {heading}", ""]
        lines += [f"- {_markdown_cell(names[row.path])}: {row.reason or waiting}" for row in unread]
    return "\n".join(lines) + "\n"


def coverage_statement(survey: Survey) -> str:
    """State how many documents were read, how many failed, and how many findings were excluded by the condition."""
    coverage = survey.coverage
    parts = [
        tr("Read {read} of {documents} documents; {found} of them had something to say.",
           read=coverage.read, documents=coverage.documents, found=coverage.with_findings),
    ]  # fmt: skip
    if coverage.failed:
        parts.append(ngettext("{n} could not be read.", "{n} could not be read.", coverage.failed))
    if coverage.partly_read:
        parts.append(ngettext("{n} was read in part.", "{n} were read in part.", coverage.partly_read))
    if survey.condition is not None:
        unchecked = sum(finding.meets is None for _, _, finding in numbered_findings(survey))
        if coverage.excluded_findings:
            parts.append(
                ngettext("{n} entry was left out: not {condition}.", "{n} entries were left out: not {condition}.",
                         coverage.excluded_findings, condition=survey.condition.words)
            )  # fmt: skip
        if unchecked:
            parts.append(ngettext("{n} entry could not be checked.", "{n} entries could not be checked.", unchecked))
    return " ".join(parts)


def _csv_fields(row: SurveyRow, finding: Finding) -> tuple[str, ...]:
    citation = finding.citation
    page = "" if citation.page is None else str(citation.page + 1)
    meets = {True: tr("yes"), False: tr("no"), None: ""}[finding.meets]
    found = (row.path.name, finding.text, finding.value, meets, citation.quote)
    offsets = (page, str(citation.start), str(citation.end))
    return (*found, *offsets, support_label(citation.support), str(row.path), _location_text(citation))


def _location_text(citation: Citation, name: str = "") -> str:
    return ", ".join(filter(None, (name, location_words(citation), section_words(citation))))


def _no_finding_text(row: SurveyRow) -> str:
    if row.state is RowState.FAILED:
        return row.reason
    return tr("nothing found") if row.state is RowState.READ else tr("not read yet")


def _csv_safe(field: str) -> str:
    field = readable(field)
    return "'" + field if field[:1] in ("=", "+", "-", "@", "\t", "\r") else field


def _markdown_cell(text: str) -> str:
    """Return `text` on one line with all Markdown escaped, so that no program loads a picture for it."""
    return " ".join(_MARKUP.sub(r"\\\g<0>", readable(text)).split())


def _without_active_markup(markdown: str) -> str:
    """Return `markdown` with pictures, links and HTML escaped; lists and emphasis stay."""
    return _ACTIVE_MARKUP.sub(r"\\\g<0>", readable(markdown))
