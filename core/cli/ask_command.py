"""`papermoor ask`: one question, its answer as it is written, what was read and what the check found."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.chat import messages
from core.cli.output import Output, location_text
from core.domain.conversation import (
    AnswerCheck,
    AnswerFormat,
    AnswerSaved,
    ChatMessage,
    ContextSummary,
    FormatKind,
    LatencyBudget,
    Omission,
    Scope,
    SearchedDocuments,
    SurveySuggested,
    ToolUsed,
)
from core.domain.documents import Citation
from core.domain.faults import N_, ChatFault, Fault
from core.i18n import tr
from core.workspace import Workspace
from models.conversation import AnswerDelta, Effort, PrefillProgress, ReasoningDelta
from models.progress import Progress


def ask_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Ask in a conversation of its own, which leaves no trace in the list of conversations."""
    workspace.engines.chat_path()  # says at once what is missing
    answer_format = answer_format_from(arguments)
    scope = scope_from(workspace, arguments)
    conversation = workspace.conversations.create(scope=scope)
    told = _AnswerPrinter(output, show_answer=answer_format.kind is FormatKind.TEXT and not output.json)
    try:
        for event in workspace.chat.ask(
            conversation,
            arguments.question,
            effort=Effort(arguments.effort) if arguments.effort else None,
            max_tokens=arguments.max_tokens,
            report=output.progress,
            latency_budget=LatencyBudget(arguments.patience) if arguments.patience else None,
            answer_format=answer_format,
        ):
            told.handle(event)
    finally:
        workspace.conversations.delete(conversation)
    output.finish_progress()
    answer = told.answer
    if answer is None:
        return
    if output.json:
        output.result(told.json_values(answer))
    elif answer_format.kind is FormatKind.TEXT:
        _print_sources(answer, output)
    else:
        output.line(answer.data if answer_format.kind is FormatKind.JSON else answer.text)
        _print_sources(answer, output)
    if answer_format.kind is not FormatKind.TEXT and not answer.data:
        raise ChatFault(
            N_("The form was not kept"),
            N_("The answer does not follow the schema, or was cut before its end."),
            N_("Allow a longer answer, or ask for less."),
        )


def scope_from(workspace: Workspace, arguments: argparse.Namespace) -> Scope:
    """What `--in` and `--whole` choose; a fault for a path that the library knows nothing of."""
    paths = tuple(path.expanduser().absolute() for path in arguments.within or ())
    for path in paths:
        found = workspace.scopes.select(Scope((path,)))
        if not found.indexed and not found.unread:
            raise Fault(
                N_("Not in the library"),
                N_("The library has nothing at {path}."),
                N_("Add it first with: papermoor index {path}"),
                path=path,
            )
    return Scope(paths, bool(getattr(arguments, "whole", False)))


def answer_format_from(arguments: argparse.Namespace) -> AnswerFormat:
    if arguments.schema is not None:
        return AnswerFormat(FormatKind.JSON, schema=_read_schema(arguments.schema))
    if arguments.columns is not None:
        columns = tuple(name.strip() for name in arguments.columns.split(","))
        return AnswerFormat(FormatKind.TABLE, columns=columns)
    return AnswerFormat()


class _AnswerPrinter:
    """Prints what happens while it happens, and keeps what the result needs."""

    def __init__(self, output: Output, *, show_answer: bool) -> None:
        self._output = output
        self._show_answer = show_answer
        self.answer: ChatMessage | None = None
        self._basis: ContextSummary | None = None
        self._query = ""
        self._suggestion: SurveySuggested | None = None
        self._omissions: list[Omission] = []

    def handle(self, event: object) -> None:
        if isinstance(event, AnswerSaved):
            self.answer = event.message
        elif isinstance(event, PrefillProgress):
            reading = tr("reading")
            self._output.progress(
                Progress(event.done_tokens, event.total_tokens, "tokens", reading, event.seconds_left)
            )
        elif isinstance(event, SearchedDocuments):
            self._query = event.query
        elif isinstance(event, ContextSummary):
            self._basis = event
            self._note(messages.context_summary_text(event))
        elif isinstance(event, Omission):
            self._omissions.append(event)
            self._note(messages.omission_text(event))
        elif isinstance(event, SurveySuggested):
            self._suggestion = event
            self._note(messages.survey_suggestion_text(event))
        elif isinstance(event, ToolUsed):
            self._note(f"{event.name} {event.arguments}")
        elif isinstance(event, ReasoningDelta) and not self._output.json:
            self._write(event.text, sys.stderr)
        elif isinstance(event, AnswerDelta) and self._show_answer:
            self._write(event.text, sys.stdout)

    def json_values(self, answer: ChatMessage) -> dict[str, Any]:
        """The answer as `--json` prints it."""
        return {
            "answer": answer.text,
            "reasoning": answer.reasoning,
            "citations": [_citation_to_json(citation) for citation in answer.citations],
            "usage": asdict(answer.usage) if answer.usage else None,
            "complete": answer.complete,
            "query": self._query,
            "read": asdict(self._basis) if self._basis else None,
            "omitted": [asdict(omission) for omission in self._omissions],
            "suggestion": _suggestion_to_json(self._suggestion) if self._suggestion else None,
            "tools": [asdict(tool) for tool in answer.tools],
            **_check_to_json(answer.check),
            "data": json.loads(answer.data) if answer.data else None,
        }

    def _note(self, text: str) -> None:
        if not self._output.json:
            self._output.note(text)

    def _write(self, text: str, stream: Any) -> None:
        self._output.finish_progress()
        stream.write(text)
        stream.flush()


def _suggestion_to_json(suggestion: SurveySuggested) -> dict[str, Any]:
    return asdict(suggestion) | {"paths": [str(path) for path in suggestion.paths]}


def _citation_to_json(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "path": str(citation.path),
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "section": citation.section,
        "support": citation.support.value,
        "recognised": citation.recognised,
    }


def _check_to_json(judgement: AnswerCheck | None) -> dict[str, Any]:
    if judgement is None:
        return {"verdict": None, "sentences": [], "nearest": []}
    sentences = [asdict(sentence) for sentence in judgement.sentences]
    nearest = [_citation_to_json(source) for source in judgement.nearest]
    return {"verdict": judgement.verdict.value, "sentences": sentences, "nearest": nearest}


def _print_sources(message: ChatMessage, output: Output) -> None:
    output.line()
    for citation in message.citations:
        output.line(f"[{citation.number}] {location_text(citation)}")
    if message.check is None:
        return
    if text := messages.verdict_text(message.check.verdict):
        output.note(text)
    for source in message.check.nearest:
        output.note(f"[{source.number}] {location_text(source)}")


def _read_schema(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or tr("it is not a text file")
        raise Fault(N_("No schema"), N_("{path} cannot be read: {why}."), path=path, why=why) from error
