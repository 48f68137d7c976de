"""The values of a conversation: its scope, what was read and left out, what the citation check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.domain.documents import Citation, Passage, Support
from models.conversation import Effort, Usage


@dataclass(frozen=True, slots=True)
class Scope:
    """What a conversation looks into: every document at or below `paths` (folders, parts of them, single files), or the
    whole library if there are none. With `whole`, the documents are given in full, as far as they fit, instead of
    searched. Paths rather than ids, so that it covers files added or indexed later."""

    paths: tuple[Path, ...] = ()
    whole: bool = False


WHOLE_LIBRARY = Scope()


class LatencyBudget(StrEnum):
    """How long a person will wait for an answer to begin ("Reading" in the window). With the machine's speed it says
    how much can be read."""

    FAST = "fast"
    BALANCED = "balanced"
    THOROUGH = "thorough"


class FormatKind(StrEnum):
    """TEXT: Markdown with citations. JSON: follows a schema. TABLE: given columns, each row with its source."""

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
    """What was left out of the model's input. PASSAGES: found ones, the lowest-ranked. TURNS: the oldest of the
    conversation. PAGES, or SECTIONS where there are none: of a document to be given in full. DOCUMENTS: chosen ones
    that are not indexed (yet), are missing, or had no room. RESULT: the end of a tool's result (`left_out` characters).
    MENTION: an @name that no document has. ANSWER: the answer was cut at its maximum length."""

    PASSAGES = "passages"
    TURNS = "turns"
    SECTIONS = "sections"
    PAGES = "pages"
    DOCUMENTS = "documents"
    RESULT = "result"
    MENTION = "mention"
    ANSWER = "answer"


class Cause(StrEnum):
    """LATENCY_BUDGET: reading it would take longer than the person wants to wait. CONTEXT: it exceeds the model's
    context. NOT_READ: the document is not indexed. LIMIT: it exceeds a maximum length. UNKNOWN: there is no such
    thing."""

    LATENCY_BUDGET = "patience"
    CONTEXT = "context"
    NOT_READ = "not_read"
    LIMIT = "limit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Omission:
    """Event of a turn, stored with its message: something was left out, `left_out` of `total`. `name` is that of the
    document, the tool or the mention. `core.chat.messages.omission_text` words it."""

    kind: OmissionKind
    cause: Cause
    left_out: int = 0
    total: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True)
class ContextSummary:
    """Event of a turn, stored with the question: what the answer is written from. `passages` from `documents` different
    documents; `searched` documents in the scope, `library` indexed ones in all; `query` is what was searched;
    `semantic` if vectors were used; `whole` if documents were given in full. `answerability`, 0 to 1: how likely the
    passages answer the question. `wait_s`: expected time until the answer begins, None while this machine's speed is
    unknown. `core.chat.messages` words it."""

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
    """The application's verdict on an answer. SUPPORTED: every cited sentence is. PARTLY: some are. UNSUPPORTED: none
    is, or nothing is cited. NOT_IN_DOCUMENTS: the documents do not answer the question, by its answerability or by the
    model's own mark, and no citation says otherwise."""

    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    NOT_IN_DOCUMENTS = "not_in_documents"


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """A sentence of an answer that cites: `start` and `end` are offsets into the answer's text, citation marks
    included."""

    start: int
    end: int
    numbers: tuple[int, ...]
    support: Support


@dataclass(frozen=True, slots=True)
class AnswerCheck:
    """What the citation check found about an answer. `nearest` are the passages to show for NOT_IN_DOCUMENTS, best
    first. `core.chat.messages.verdict_text` words the verdict."""

    verdict: Verdict
    sentences: tuple[CheckedSentence, ...] = ()
    nearest: tuple[Citation, ...] = ()


class SurveyKind(StrEnum):
    """What is asked of every document. QUESTION: its answer to a question, then an answer from all. LIST: entries of a
    table, without a summary by the model. SUMMARIES: a summary of each, then of all. CHANGES: what differs between
    two."""

    QUESTION = "question"
    LIST = "list"
    SUMMARIES = "summaries"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class SurveySuggested:
    """Event of a turn, stored with the question: it seems to be about all of `documents`, which a survey would read one
    by one, while the answer that follows rests on a few passages. `paths` are the documents it names; if empty, it is
    about all of the conversation's."""

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
    """Event of a turn: the model called `name` with `arguments` (JSON text) and got `result`; `ok` is False if the call
    was refused or failed. `cut_chars` of the result were left out."""

    name: str
    arguments: str
    result: str
    ok: bool
    cut_chars: int = 0


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A stored message; `role` is "user" or "assistant".

    An answer has its reasoning, its checked `citations` in order of first mention, its effort, its `check`, and `data`,
    the JSON text, if another form than text was asked for (`text` then shows it as Markdown); `complete` is False if it
    was stopped or cut. A question has `prompt`, the exact text the model was given, kept so that the next turn renders
    the same tokens and the KV cache holds, its `context_summary`, and perhaps a `suggestion`. `sources` are the
    passages numbered in the question's prompt or found by the answer's `tools`; `omissions` are what was left out of
    either.
    """

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
    `query` that found them (the question, or the question completed from the conversation)."""

    query: str
    passages: tuple[Passage, ...]
    documents_searched: int
    semantic: bool


@dataclass(frozen=True, slots=True)
class AnswerSaved:
    """Last event of a turn: the answer as stored, with its checked citations."""

    message: ChatMessage
