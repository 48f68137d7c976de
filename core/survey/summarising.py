"""The answer of a survey, from everything that was found: written by the model, in groups where it is too much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from core.chat.generation import AnsweringModel
from core.citations.checker import check_sentences, normalise_marks
from core.domain.conversation import CheckedSentence, SurveyKind
from core.domain.documents import Citation
from core.domain.file_names import disambiguated_names
from core.survey import reading
from core.survey.values import Finding, Survey, SurveyRow
from models.conversation import Conversation

LONGEST_GROUP = 24_000
MOST_ROUNDS = 6
SHOWN_CHARS = 300


def numbered(survey: Survey) -> Iterator[tuple[int, SurveyRow, Finding]]:
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
        for n, row, finding in numbered(survey)
    )


def summary_sentences(survey: Survey) -> tuple[CheckedSentence, ...]:
    """The summary's cited sentences, each compared with the findings it cites."""
    return check_sentences(survey.summary, summary_sources(survey))


@dataclass(slots=True)
class Written:
    """The answers of one round, and whether any so far was cut at its longest length."""

    answers: list[str] = field(default_factory=list)
    cut: bool = False


class Groups:
    """Findings in groups that fit the context, round by round, until one group is left."""

    def __init__(self, survey: Survey, model: AnsweringModel, room_tokens: int, date: str) -> None:
        self._survey = survey
        self._model = model
        self._room = room_tokens
        self._date = date

    def lines(self) -> list[str]:
        """A line a finding; what changed stands with the paragraph it changed in, or it would say little."""
        shown = self._survey.kind is SurveyKind.CHANGES
        names = disambiguated_names(row.path for row in self._survey.rows)
        return [
            f"[{n}] {names[row.path]}: {finding.text}" + (f" (in: {_short(finding.citation.quote)})" if shown else "")
            for n, row, finding in numbered(self._survey)
        ]

    def of(self, lines: Sequence[str]) -> list[Conversation]:
        """A question for each group of `lines`."""
        found: list[Conversation] = []
        group: list[str] = []
        for line in lines:
            if group and not self._fits([*group, line]):
                found.append(self._question(group))
                group = []
            group.append(line)
        return [*found, self._question(group)] if group else found

    def _fits(self, group: Sequence[str]) -> bool:
        chars = sum(map(len, group))
        if chars > LONGEST_GROUP:
            return False
        if chars < self._room:  # a token has one character at least
            return True
        return self._model.count_prompt(self._question(group)) <= self._room

    def _question(self, group: Sequence[str]) -> Conversation:
        return reading.summary_question(self._survey, group, self._date)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "…"


def as_summary(answers: Sequence[str]) -> str:
    return normalise_marks("\n\n".join(answers)).strip()
