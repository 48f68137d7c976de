"""`papermoor ask`: prints the answer to one question while it is written, then its sources and verdict."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from core.chat import messages
from core.chat.turn import TurnEvent
from core.cli.json_values import answer_values
from core.cli.output import Output, location_text
from core.domain.conversation import (
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
from core.domain.faults import N_, ChatFault, Fault
from core.i18n import tr
from core.workspace import Workspace
from models.conversation import AnswerDelta, Effort, PrefillProgress, ReasoningDelta
from models.progress import Progress


def ask_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Ask in a conversation of its own, which is deleted afterwards."""
    workspace.engines.chat_path()  # fails at once if there is no model
    answer_format = answer_format_from(arguments)
    scope = scope_from(workspace, arguments)
    conversation = workspace.conversations.create(scope=scope)
    printer = _AnswerPrinter(output, show_answer=answer_format.kind is FormatKind.TEXT and not output.json)
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
            printer.handle(event)
    finally:
        workspace.conversations.delete(conversation)
    output.finish_progress()
    answer = printer.answer
    if answer is None:
        return
    if output.json:
        output.result(printer.json_values(answer))
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
    """Return the scope that `--in` and `--whole` choose. Raises `Fault` for a path with nothing of the library in
    it."""
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
    """Return the format that `--schema` or `--columns` asks for. Raises `Fault` for an unreadable schema."""
    if arguments.schema is not None:
        return AnswerFormat(FormatKind.JSON, schema=_read_schema(arguments.schema))
    if arguments.columns is not None:
        columns = tuple(name.strip() for name in arguments.columns.split(","))
        return AnswerFormat(FormatKind.TABLE, columns=columns)
    return AnswerFormat()


class _AnswerPrinter:
    """Prints the events of a turn as they come, and keeps what the JSON result needs."""

    def __init__(self, output: Output, *, show_answer: bool) -> None:
        self._output = output
        self._show_answer = show_answer
        self.answer: ChatMessage | None = None
        self._context_summary: ContextSummary | None = None
        self._query = ""
        self._suggestion: SurveySuggested | None = None
        self._omissions: list[Omission] = []

    def handle(self, event: TurnEvent) -> None:
        """Print an event of the turn, or keep it for the result."""
        match event:
            case AnswerSaved(message=message):
                self.answer = message
            case PrefillProgress():
                self._output.progress(_prefill_progress(event))
            case SearchedDocuments(query=query):
                self._query = query
            case ContextSummary():
                self._context_summary = event
                self._note(messages.context_summary_text(event))
            case Omission():
                self._omissions.append(event)
                self._note(messages.omission_text(event))
            case SurveySuggested():
                self._suggestion = event
                self._note(messages.survey_suggestion_text(event))
            case ToolUsed():
                self._note(f"{event.name} {event.arguments}")
            case ReasoningDelta(text=text) if not self._output.json:
                self._write(text, sys.stderr)
            case AnswerDelta(text=text) if self._show_answer:
                self._write(text, sys.stdout)

    def json_values(self, answer: ChatMessage) -> dict[str, Any]:
        """Return the answer and its events as `--json` prints them."""
        return answer_values(answer, self._query, self._context_summary, self._omissions, self._suggestion)

    def _note(self, text: str) -> None:
        if not self._output.json:
            self._output.note(text)

    def _write(self, text: str, stream: Any) -> None:
        self._output.write(text, stream)


def _prefill_progress(event: PrefillProgress) -> Progress:
    return Progress(event.done_tokens, event.total_tokens, "tokens", tr("reading"), event.seconds_left)


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
