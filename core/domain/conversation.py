"""The values of a conversation: what a question is about, what was read and left out, what the check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.domain.documents import Citation, Passage, Support
from models.conversation import Effort, Usage


@dataclass(frozen=True, slots=True)
class Scope:
    """What a conversation looks into: every document at or below `paths` (folders, parts of them, single files), the
    whole library if there are none. `whole`: its documents are given in full, as far as they fit, instead of searched.
    Paths, not ids, so that it holds for files that come later or are indexed anew."""

    paths: tuple[Path, ...] = ()
    whole: bool = False


WHOLE_LIBRARY = Scope()


class LatencyBudget(StrEnum):
    """How long a person will wait for an answer to begin; with the machine's speed it says how much can be read."""

    FAST = "fast"
    BALANCED = "balanced"
    THOROUGH = "thorough"


class FormatKind(StrEnum):
    """TEXT is Markdown with citations; JSON follows a schema; TABLE has given columns, each row with its source."""

    TEXT = "text"
    JSON = "json"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """The form an answer must have. `schema` is a JSON schema as text, for JSON; `columns` are names, for TABLE."""

    kind: FormatKind = FormatKind.TEXT
    schema: str = ""
    columns: tuple[str, ...] = ()


class OmissionKind(StrEnum):
    """What was left out of what the model was given. PASSAGES: found ones, the last-ranked. TURNS: the oldest of the
    conversation. PAGES, or SECTIONS where there are none: of a document to be given in full. DOCUMENTS: chosen ones
    that are not indexed (yet), are gone, or had no room. RESULT: the end of a tool's result (`left_out` characters).
    MENTION: an @name that no document has. ANSWER: the answer was cut at its longest length."""

    PASSAGES = "passages"
    TURNS = "turns"
    SECTIONS = "sections"
    PAGES = "pages"
    DOCUMENTS = "documents"
    RESULT = "result"
    MENTION = "mention"
    ANSWER = "answer"


class Cause(StrEnum):
    """PATIENCE: it would have taken longer than the person wants to wait. CONTEXT: more than the model can keep in
    view. NOT_READ: the document is not indexed. LIMIT: longer than such a thing may be. UNKNOWN: there is none such."""

    LATENCY_BUDGET = "patience"
    CONTEXT = "context"
    NOT_READ = "not_read"
    LIMIT = "limit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Omission:
    """Event of a turn, stored with its message: something was left out. `left_out` of `total`; `name` is that of the
    document, the tool or the mention. `core.chat.messages.omission_text` says it in words."""

    kind: OmissionKind
    cause: Cause
    left_out: int = 0
    total: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class ContextSummary:
    """Event of a turn, stored with the question: what the answer is written from. `passages` from `documents` different
    documents, of `searched` in the scope and `library` indexed ones in all; `query` is what was searched with; `whole`
    if documents were given in full. `answered` is the search's own sign from 0 to 1 that the passages answer the
    question. `wait_s`: expected until the answer begins, None while this machine's speed is unknown.
    `core.chat.messages.basis_text` says it in words."""

    query: str
    passages: int
    documents: int
    searched: int
    library: int
    semantic: bool
    whole: bool
    answerability: float
    latency_budget: LatencyBudget
    wait_s: float | None


class Verdict(StrEnum):
    """The application's own word on an answer. SUPPORTED: every cited sentence is. PARTLY: some are. UNSUPPORTED: none
    is, or nothing is cited. NOT_IN_DOCUMENTS: the documents do not answer the question, by the search's sign or by the
    model's own statement, and no citation says otherwise."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    NOT_IN_DOCUMENTS = "not_in_documents"


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of an answer that cites: `start`/`end` are offsets into the answer's text, its marks included."""

    start: int
    end: int
    numbers: tuple[int, ...]
    support: Support


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """What the application found about an answer. `nearest` are the passages to show for NOT_IN_DOCUMENTS, best first;
    `core.chat.messages.verdict_text` says the verdict in words."""

    verdict: Verdict
    sentences: tuple[CheckedSentence, ...] = ()
    nearest: tuple[Citation, ...] = ()


class SurveyKind(StrEnum):
    """What is asked of every document. QUESTION: what it says to a question, then an answer from all. LIST: entries of
    a table, no summary by the model. SUMMARIES: a summary of each, then of all. CHANGES: what differs between two."""

    QUESTION = "question"
    LIST = "list"
    SUMMARIES = "summaries"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class SurveySuggested:
    """Event of a turn, stored with the question: it seems to be about all of `documents`, which a survey would read one
    by one; the answer that follows rests on a few passages only. `paths` are those it names, else it is about all of
    the conversation's."""

    kind: SurveyKind
    question: str
    documents: int
    expected_s: float | None
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A line of the conversation list; times are UTC seconds since 1970."""

    id: int
    title: str
    created_s: float
    updated_s: float


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """Event of a turn: the model called `name` with `arguments` (JSON text) and was given `result`; `ok` is False if
    the call was refused or failed. `cut_chars` of the result were left out."""

    name: str
    arguments: str
    result: str
    ok: bool
    cut_chars: int = 0


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A stored message, `role` "user" or "assistant". For an answer: its reasoning, its checked `citations` in order
    of their first mention, its effort; `complete` is False if it was stopped or cut. For a question: `prompt`, the
    exact text the model was given, kept so that the next turn renders the same tokens and the cache holds. `sources`
    are the passages numbered in the question's prompt, or found by the answer's `tools`. `omissions` are what was left
    out of either. A question has its `basis` and may have a `suggestion`; an answer has its `judgement`, and `data`,
    the JSON text, if another form than text was asked for (`text` then shows the same as Markdown)."""

    id: int
    role: str
    text: str
    reasoning: str = ""
    citations: tuple[Citation, ...] = ()
    sources: tuple[Citation, ...] = ()
    tools: tuple[ToolUsed, ...] = ()
    effort: Effort | None = None
    complete: bool = True
    usage: Usage | None = None
    prompt: str = ""
    created_s: float = 0.0
    omissions: tuple[Omission, ...] = ()
    context_summary: ContextSummary | None = None
    suggestion: SurveySuggested | None = None
    check: AnswerCheck | None = None
    data: str = ""


@dataclass(frozen=True, slots=True)
class SearchedDocuments:
    """Event of a turn: the passages the answer will be written from, out of `documents_searched` documents, and the
    `query` they were looked for with (the question, or the question made complete from the conversation)."""

    query: str
    passages: tuple[Passage, ...]
    documents_searched: int
    semantic: bool


@dataclass(frozen=True, slots=True)
class AnswerSaved:
    """Last event of a turn: the answer as it was stored, with its checked citations."""

    message: ChatMessage
