"""Texts about a turn, for the window: what its context is, what its tools did, its sources, how it ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.chat.messages import context_summary_text, omission_text
from core.chat.turn_state import TurnPhase, TurnState
from core.domain.conversation import ContextSummary, Omission, SearchedDocuments, ToolUsed
from core.domain.documents import Citation
from core.domain.locations import location_words, read_words, section_words
from core.i18n import ngettext, tr


def searched_text(searched: SearchedDocuments) -> str:
    """For example: "6 passages from 4 of 212 documents"."""
    if not searched.passages:
        return tr("No passage fits the question")
    passages = ngettext("{n} passage", "{n} passages", len(searched.passages))
    found_in = len({passage.path for passage in searched.passages})
    documents = ngettext(
        "{found} of {n} document", "{found} of {n} documents", searched.documents_searched, found=found_in
    )
    return tr("{passages} from {documents}", passages=passages, documents=documents)


def context_title(context: ContextSummary | SearchedDocuments, omissions: Sequence[Omission]) -> str:
    """State in one line what the answer is written from, and whether something was left out."""
    text = context_summary_text(context) if isinstance(context, ContextSummary) else searched_text(context)
    return tr("{read} · not everything", read=text) if omissions else text


def context_lines(
    question: str, context: ContextSummary | SearchedDocuments, omissions: Sequence[Omission]
) -> list[str]:
    """Return the details below that title: the query if it differs from `question`, which is the text as typed, what
    was left out, and whether the search did without an embedding model."""
    lines = [omission_text(omission) for omission in omissions]
    query = context.query
    if query and " ".join(query.split()) != " ".join(question.split()):
        lines.insert(0, tr("Searched for: {query}", query=query))
    if not context.semantic:
        lines.append(tr("Found by the words themselves: there is no search model."))
    return lines


def tool_call_text(used: ToolUsed) -> str:
    """State what the tool did, or that it failed."""
    text = _tool_text(used.name, _arguments(used))
    return text if used.ok else tr("{step}: this failed", step=text)


def source_list_text(citations: Sequence[Citation]) -> str:
    """List the sources of an answer as plain text, one a line: number, path, location, headings."""
    return "\n".join(
        f"[{c.number}] " + ", ".join(filter(None, (str(c.path), location_words(c), section_words(c))))
        for c in citations
    )


def ending_text(turn: TurnState) -> str:
    """State why an ended turn has no answer or no whole one; empty if it has. A fault is shown by itself."""
    if turn.phase is TurnPhase.STOPPED and not turn.answer:
        return tr("Stopped before an answer was written.")
    if turn.phase is TurnPhase.STOPPED:
        return tr("Stopped. What was written is kept.")
    if turn.was_cut:
        return tr("The answer reached the longest length set in the settings and was cut there.")
    if not turn.answer:
        return tr("The model ended without an answer. Try again, or ask in other words.")
    return ""


def _tool_text(name: str, arguments: dict[str, Any]) -> str:
    def argument(key: str) -> str:
        return str(arguments.get(key, ""))

    match name:
        case "search_documents":
            return tr("Searched again: {query}", query=argument("query"))
        case "find_text":
            return tr("Looked for the exact words: {text}", text=argument("text"))
        case "read_document" if argument("page") not in ("", "0"):
            return read_words(argument("name"), argument("page"))
        case "read_document":
            return tr("Read on in {name}", name=argument("name"))
        case "list_documents" if contains := argument("name_contains"):
            return tr("Listed the documents named {name}", name=contains)
        case "list_documents":
            return tr("Listed the documents")
        case "compare":
            return tr("Compared {old} with {new}", old=argument("old"), new=argument("new"))
        case _:
            return tr("Used {tool}", tool=name)


def _arguments(used: ToolUsed) -> dict[str, Any]:
    """The arguments as the model wrote them; none if they are no JSON object."""
    try:
        arguments = json.loads(used.arguments)
    except ValueError:
        return {}
    return arguments if isinstance(arguments, dict) else {}
