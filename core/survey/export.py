"""A survey as a table that other programs read: CSV and Markdown, each row with its citation."""

from __future__ import annotations

import csv
import io

from core.i18n import ngettext, tr
from core.survey.survey import numbered
from core.survey.values import RowState, Survey


def to_csv(survey: Survey) -> str:
    """A line a finding, and one for each document without any. Fields that a spreadsheet would take for a formula are
    quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([tr("Document"), tr("Finding"), tr("Quotation"), tr("Page"), tr("Checked"), tr("Path")])
    for row in survey.rows:
        if not row.findings:
            words = row.reason if row.state is RowState.FAILED else _nothing(row.state)
            writer.writerow(map(_plain, (row.path.name, words, "", "", "", str(row.path))))
        for finding in row.findings:
            cited = finding.citation
            page = "" if cited.page is None else str(cited.page + 1)
            fields = (row.path.name, finding.text, cited.quote, page, cited.support.value, str(row.path))
            writer.writerow(map(_plain, fields))
    return out.getvalue()


def to_markdown(survey: Survey) -> str:
    """Question, coverage, summary, then the table."""
    lines = [f"# {_cell(survey.question)}", "", coverage_statement(survey), ""]
    if survey.summary:
        lines += [survey.summary, ""]
    lines += [f"| | {tr('Document')} | {tr('Finding')} | {tr('Quotation')} |", "|---|---|---|---|"]
    for n, row, finding in numbered(survey):
        cited = finding.citation
        place = (
            row.path.name if cited.page is None else tr("{name}, page {page}", name=row.path.name, page=cited.page + 1)
        )
        lines.append(f"| {n} | {_cell(place)} | {_cell(finding.text)} | {_cell(cited.quote)} |")
    return "\n".join(lines) + "\n"


def coverage_statement(survey: Survey) -> str:
    """How many documents were read, how many failed: what goes with every answer about everything."""
    covered = survey.coverage
    text = tr("Read {read} of {documents} documents; {found} of them had something to say.",
              read=covered.read, documents=covered.documents, found=covered.with_findings)  # fmt: skip
    failed = ngettext("{n} could not be read.", "{n} could not be read.", covered.failed)
    return f"{text} {failed}" if covered.failed else text


def _nothing(state: RowState) -> str:
    return tr("nothing found") if state is RowState.READ else tr("not read yet")


def _plain(field: str) -> str:
    return "'" + field if field[:1] in ("=", "+", "-", "@", "\t", "\r") else field


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
