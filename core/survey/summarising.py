"""The summary of a survey: prompts about all findings, in groups that fit the context, and the check of the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from core.chat.generation import AnsweringModel
from core.citations.checker import check_sentences, normalise_marks
from core.domain.conversation import CheckedSentence, SurveyKind
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names
from core.survey.prompts import summary_prompt
from core.survey.values import Finding, Survey, SurveyRow
from models.conversation import Conversation

MAX_GROUP_CHARS = 24_000
MAX_ROUNDS = 6
MAX_QUOTE_CHARS = 300


def numbered_findings(survey: Survey) -> Iterator[tuple[int, SurveyRow, Finding]]:
    """Yield the findings that meet the condition or could not be checked. The number, from 1 in the order of the rows,
    is the one by which the summary cites the finding."""
    n = 0
    for row in survey.rows:
        for finding in row.findings:
            if finding.meets is not False:
                n += 1
                yield n, row, finding


def summary_sources(survey: Survey) -> tuple[Citation, ...]:
    """Return the numbered findings as sources of the summary; the text of a source is the finding and its quotation."""
    names = disambiguated_names(row.path for row in survey.rows)
    return tuple(
        replace(finding.citation, number=n, quote=f"{finding.text}\n{finding.citation.quote}", section=names[row.path])
        for n, row, finding in numbered_findings(survey)
    )


def summary_sentences(survey: Survey) -> tuple[CheckedSentence, ...]:
    """Check each cited sentence of the summary against the findings it cites."""
    return check_sentences(survey.summary, summary_sources(survey))


@dataclass(slots=True)
class SummaryRound:
    """The answers of one round of summarising. `was_cut` says that an answer, of this round or one before, was cut
    off."""

    answers: list[str] = field(default_factory=list)
    was_cut: bool = False


class FindingGroups:
    """Divides findings into groups that fit the context. The answers about groups are grouped again in the next
    round."""

    def __init__(self, survey: Survey, model: AnsweringModel, token_limit: int, date: str) -> None:
        self._survey = survey
        self._model = model
        self._token_limit = token_limit
        self._date = date

    def finding_lines(self) -> list[str]:
        """Return a numbered line for each finding. A change is given with the paragraph around it, without which it
        would be hard to understand."""
        with_quote = self._survey.kind is SurveyKind.CHANGES
        names = disambiguated_names(row.path for row in self._survey.rows)
        return [
            f"[{n}] {names[row.path]}: {finding.text}"
            + (f" (in: {_shortened(finding.citation.quote)})" if with_quote else "")
            for n, row, finding in numbered_findings(self._survey)
        ]

    def prompts_for(self, lines: Sequence[str]) -> list[Conversation]:
        """Return a prompt for each group of `lines`."""
        prompts: list[Conversation] = []
        group: list[str] = []
        for line in lines:
            if group and not self._fits([*group, line]):
                prompts.append(self._prompt(group))
                group = []
            group.append(line)
        return [*prompts, self._prompt(group)] if group else prompts

    def _fits(self, group: Sequence[str]) -> bool:
        chars = sum(map(len, group))
        if chars > MAX_GROUP_CHARS:
            return False
        if chars < self._token_limit:  # a token has at least one character
            return True
        return self._model.count_prompt(self._prompt(group)) <= self._token_limit

    def _prompt(self, group: Sequence[str]) -> Conversation:
        return summary_prompt(self._survey, group, self._date)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_QUOTE_CHARS else text[:MAX_QUOTE_CHARS] + "…"


def join_answers(answers: Sequence[str]) -> str:
    """Join the answers of the last round into the summary."""
    return normalise_marks("\n\n".join(answers)).strip()
