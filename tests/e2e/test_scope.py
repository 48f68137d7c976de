"""Scopes of a conversation on real parts: chosen folders, mentions, documents in full; and structured answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.chat.messages import context_summary_text, omission_text, survey_suggestion_text, verdict_text
from core.chat.turn import TurnEvent
from core.domain.conversation import (
    AnswerFormat,
    AnswerSaved,
    Cause,
    ChatMessage,
    ContextSummary,
    FormatKind,
    LatencyBudget,
    Omission,
    OmissionKind,
    Scope,
    SearchedDocuments,
    SurveyKind,
    SurveySuggested,
    Verdict,
)
from core.jobs import Job
from core.workspace import Workspace
from models.conversation import Sampling
from tests.support import speech

ANSWER = speech.grammar(speech.answer("The rent is 940 euros [1]."))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    for name, text in (
        ("north/lease.txt", "The rent of the northern flat is 940 euros."),
        ("south/lease.txt", "The rent of the southern flat is 1,200 euros."),
        ("south/house rules.txt", "The rent is no matter of these rules. Dogs are not allowed."),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    return folder


@contextmanager
def opened(tmp_path: Path, folder: Path, model: Path, grammar: str = ANSWER) -> Iterator[Workspace]:
    workspace = Workspace.open(tmp_path / "data", model=model, sampling=Sampling(grammar=grammar, seed=1))
    try:
        workspace.library.index([folder], Job())
        yield workspace
    finally:
        workspace.close()


def searched(events: list[TurnEvent]) -> list[str]:
    found = [event for event in events if isinstance(event, SearchedDocuments)][-1]
    return [str(Path(*passage.path.parts[-2:])) for passage in found.passages]


def context_summary(events: list[TurnEvent]) -> ContextSummary:
    (found,) = [event for event in events if isinstance(event, ContextSummary)]
    return found


def saved(events: list[TurnEvent]) -> ChatMessage:
    assert isinstance(events[-1], AnswerSaved)
    return events[-1].message


def test_a_conversation_searches_its_scope_and_a_mention_goes_beyond_it(
    tmp_path: Path, folder: Path, tiny_gpt_oss: Path
) -> None:
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        ask, key = workspace.chat.ask, workspace.engines.chat_key()
        workspace.chat.prefill_history(0)
        assert workspace.model_speeds.of(key) is not None, "a prefill measures the speed of this machine"
        conversation = workspace.conversations.create(scope=Scope((folder / "north",)))
        events = list(ask(conversation, "How much is the rent?"))
        assert searched(events) == ["north/lease.txt"]
        found = context_summary(events)
        assert (found.passages, found.documents, found.searched, found.library) == (1, 1, 1, 3)
        assert context_summary_text(found) == "1 passage from 1 of 1 document"
        answer = saved(events)
        assert answer.check is not None and answer.check.verdict is Verdict.SUPPORTED
        question = workspace.conversations.messages(conversation)[0]
        assert question.context_summary == found and found.wait_s is not None

        workspace.conversations.set_scope(conversation, Scope((folder / "south",)))
        assert set(searched(list(ask(conversation, "How much is the rent?")))) == {
            "south/lease.txt", "south/house rules.txt",
        }  # fmt: skip
        events = list(ask(conversation, "What does @north/lease.txt say about the rent, and @nobody?"))
        assert searched(events) == ["north/lease.txt"]
        assert [e for e in events if isinstance(e, Omission)] == [
            Omission(OmissionKind.MENTION, Cause.UNKNOWN, name="nobody")
        ]
        question = workspace.conversations.messages(conversation)[-2]
        assert question.text.startswith("What does @north") and "What does north/lease.txt say" in question.prompt

        events = list(ask(conversation, "Summarise each of the documents", scope=Scope()))
        (offer,) = [event for event in events if isinstance(event, SurveySuggested)]
        assert (offer.kind, offer.documents) == (SurveyKind.SUMMARIES, 3)
        assert "3 documents" in survey_suggestion_text(offer)
        assert workspace.conversations.messages(conversation)[-2].suggestion == offer


def test_a_survey_suggested_for_mentioned_documents_reads_only_those(
    tmp_path: Path, folder: Path, tiny_gpt_oss: Path
) -> None:
    named = (folder / "north" / "lease.txt", folder / "south" / "lease.txt")
    question = "What changed between @north/lease.txt and @south/lease.txt?"
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        events = list(workspace.chat.ask(workspace.conversations.create(), question))
        (offer,) = [event for event in events if isinstance(event, SurveySuggested)]
        assert (offer.kind, offer.paths) == (SurveyKind.CHANGES, named)
        offered = workspace.surveys.get(workspace.surveys.create(offer.question, Scope(offer.paths), offer.kind))
        typed = workspace.surveys.get(workspace.surveys.create(question))
        for survey in (offered, typed):
            assert survey.kind is SurveyKind.CHANGES and {row.path for row in survey.rows} == set(named)
        assert workspace.surveys.estimate(question=question).documents == 2
        assert workspace.surveys.estimate().documents == 3


def test_a_chosen_document_that_is_gone_is_reported(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    scope = Scope((folder / "north" / "lease.txt", folder / "south"))
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        conversation = workspace.conversations.create(scope=scope)
        (folder / "north" / "lease.txt").unlink()
        workspace.library.index([folder], Job())
        events = list(workspace.chat.ask(conversation, "How much is the rent?"))
        (omission,) = [event for event in events if isinstance(event, Omission)]
        assert omission_text(omission) == "lease.txt was chosen, but the library has nothing there."
        (summary,) = [event for event in events if isinstance(event, ContextSummary)]
        assert summary.searched == 2


def test_a_document_is_given_in_full_or_the_omission_says_how_far(tmp_path: Path, tiny_gpt_oss: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    days = (f"On day {n} the weather was as it is on a day like day {n}, and nobody wrote." for n in range(400))
    story = "\n\n".join(days)
    (folder / "diary.txt").write_text(story, encoding="utf-8")
    (folder / "note.txt").write_text("Buy rope.\n", encoding="utf-8")
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        whole = Scope((folder / "note.txt",), whole=True)
        conversation = workspace.conversations.create(scope=whole)
        assert workspace.conversations.scope(conversation) == whole
        events = list(workspace.chat.ask(conversation, "What is to be bought?"))
        summary = context_summary(events)
        assert summary.whole and context_summary_text(summary) == "1 section of 1 document, in full"
        assert not any(isinstance(event, Omission) for event in events)
        events = list(workspace.chat.ask(conversation, "Anything else?"))
        assert "in the passages [1]." in workspace.conversations.messages(conversation)[2].prompt, "given once"

        workspace.settings.change(context_tokens=4096)
        events = list(workspace.chat.ask(conversation, "What was the weather?", scope=Scope((folder,), whole=True)))
        (section, document) = [event for event in events if isinstance(event, Omission)]
        assert (section.kind, section.cause, section.name) == (OmissionKind.SECTIONS, Cause.CONTEXT, "diary.txt")
        assert 0 < section.left_out < section.total and document.kind is OmissionKind.DOCUMENTS
        read = section.total - section.left_out
        assert omission_text(section).startswith(f"Read {read} of {section.total} sections of diary.txt.")
        prompt = workspace.conversations.messages(conversation)[-2].prompt
        assert "On day 0 " in prompt and "On day 399 " not in prompt
        assert context_summary(events).passages == read == len(searched(events))


def test_the_latency_budget_limits_the_passages_and_the_rest_is_reported(tmp_path: Path, tiny_gpt_oss: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for n in range(30):
        words = " ".join(f"The rent of flat {n} in year {year} was {900 + n + year} euros." for year in range(20))
        (folder / f"lease{n:02}.txt").write_text(words + "\n", encoding="utf-8")
    with opened(tmp_path, folder, tiny_gpt_oss) as workspace:
        given = {}
        for latency_budget in (LatencyBudget.FAST, LatencyBudget.THOROUGH):
            conversation = workspace.conversations.create()
            events = list(
                workspace.chat.ask(conversation, "How much is the rent of the flats?", latency_budget=latency_budget)
            )
            summary = context_summary(events)
            given[latency_budget] = summary.passages
            assert summary.latency_budget is latency_budget and summary.passages == len(searched(events))
            left_out = [e for e in events if isinstance(e, Omission) and e.kind is OmissionKind.PASSAGES]
            first = next(event for event in events if isinstance(event, SearchedDocuments))
            assert sum(e.left_out for e in left_out) == len(first.passages) - given[latency_budget]
        assert given[LatencyBudget.FAST] < given[LatencyBudget.THOROUGH]


def test_a_refusal_has_the_verdict_not_in_documents(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    refusal = speech.grammar(speech.answer("[none] The passages speak of rents only."))
    with opened(tmp_path, folder, tiny_gpt_oss, refusal) as workspace:
        conversation = workspace.conversations.create()
        answer = saved(list(workspace.chat.ask(conversation, "How much is the rent in Faro?")))
        assert answer.text == "The passages speak of rents only.", "the marker is only for the application"
        assert answer.check is not None and answer.check.verdict is Verdict.NOT_IN_DOCUMENTS
        assert answer.check.nearest and "do not seem to answer" in verdict_text(answer.check.verdict)
        assert workspace.conversations.messages(conversation)[1] == answer


def test_a_table_cites_its_sources(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    rows = {"rows": [{"Flat": "northern", "Rent": "940 euros", "passage": 1}]}
    with opened(tmp_path, folder, tiny_gpt_oss, speech.grammar(speech.answer(json.dumps(rows)))) as workspace:
        conversation = workspace.conversations.create(scope=Scope((folder / "north",)))
        table = AnswerFormat(FormatKind.TABLE, columns=("Flat", "Rent"))
        answer = saved(list(workspace.chat.ask(conversation, "List the rents", answer_format=table)))
        assert "| northern | 940 euros | [1] |" in answer.text and json.loads(answer.data) == rows
        assert answer.check is not None and answer.check.verdict is Verdict.SUPPORTED
        assert [citation.quote for citation in answer.citations] == ["The rent of the northern flat is 940 euros."]


def test_a_schema_constrains_a_model_with_random_weights(tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> None:
    schema = {
        "type": "object",
        "properties": {
            "rent": {"enum": ["low", "high"]},
            "flats": {"type": "array", "items": {"const": 1}, "maxItems": 2},
        },
        "required": ["rent", "flats"],
        "additionalProperties": False,
    }
    workspace = Workspace.open(tmp_path / "data", model=tiny_gpt_oss, sampling=Sampling(seed=1))
    try:
        workspace.library.index([folder], Job())
        answer_format = AnswerFormat(FormatKind.JSON, schema=json.dumps(schema))
        events = workspace.chat.ask(
            workspace.conversations.create(), "How is the rent?", max_tokens=400, answer_format=answer_format
        )
        answer = saved(list(events))
        assert set(json.loads(answer.data)) == {"rent", "flats"}
    finally:
        workspace.close()
