"""The answer of a survey, from everything that was found: written by the model, in groups where it is too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from core.chat.generation import AnsweringModel
from core.citations.checker import check_sentences, normalise_marks
from core.domain.conversation import CheckedSentence, SurveyKind
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names
from core.survey import prompts
from core.survey.values import Finding, Survey, SurveyRow
from models.conversation import Conversation

MAX_GROUP_CHARS = 24_000
MAX_ROUNDS = 6
MAX_QUOTE_CHARS = 300


def numbered_findings(survey: Survey) -> Iterator[tuple[int, SurveyRow, Finding]]:
    """Every finding that meets the condition, or may, with the number under which the summary cites it, from 1 in the
    order of the rows."""
    n = 0
    for row in survey.rows:
        for finding in row.findings:
            if finding.meets is not False:
                n += 1
                yield n, row, finding


def summary_sources(survey: Survey) -> tuple[Citation, ...]:
    """The numbered findings as sources of the summary: their places, with what was found as the words."""
    names = disambiguated_names(row.path for row in survey.rows)
    return tuple(
        replace(finding.citation, number=n, quote=f"{finding.text}\n{finding.citation.quote}", section=names[row.path])
        for n, row, finding in numbered_findings(survey)
    )


def summary_sentences(survey: Survey) -> tuple[CheckedSentence, ...]:
    """The summary's cited sentences, each compared with the findings it cites."""
    return check_sentences(survey.summary, summary_sources(survey))


@dataclass(slots=True)
class SummaryRound:
    """The answers of one round, and whether any so far was cut at its longest length."""

    answers: list[str] = field(default_factory=list)
    cut: bool = False


class FindingGroups:
    """Findings in groups that fit the context, round by round, until one group is left."""

    def __init__(self, survey: Survey, model: AnsweringModel, token_limit: int, date: str) -> None:
        self._survey = survey
        self._model = model
        self._token_limit = token_limit
        self._date = date

    def finding_lines(self) -> list[str]:
        """A line a finding; what changed stands with the paragraph it changed in, or it would say little."""
        shown = self._survey.kind is SurveyKind.CHANGES
        names = disambiguated_names(row.path for row in self._survey.rows)
        return [
            f"[{n}] {names[row.path]}: {finding.text}" + (f" (in: {_shortened(finding.citation.quote)})" if shown else "")
            for n, row, finding in numbered_findings(self._survey)
        ]

    def prompts_for(self, lines: Sequence[str]) -> list[Conversation]:
        """A question for each group of `lines`."""
        found: list[Conversation] = []
        group: list[str] = []
        for line in lines:
            if group and not self._fits([*group, line]):
                found.append(self._prompt(group))
                group = []
            group.append(line)
        return [*found, self._prompt(group)] if group else found

    def _fits(self, group: Sequence[str]) -> bool:
        chars = sum(map(len, group))
        if chars > MAX_GROUP_CHARS:
            return False
        if chars < self._token_limit:  # a token has one character at least
            return True
        return self._model.count_prompt(self._prompt(group)) <= self._token_limit

    def _prompt(self, group: Sequence[str]) -> Conversation:
        return prompts.summary_prompt(self._survey, group, self._date)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_QUOTE_CHARS else text[:MAX_QUOTE_CHARS] + "…"


def join_answers(answers: Sequence[str]) -> str:
    return normalise_marks("\n\n".join(answers)).strip()
