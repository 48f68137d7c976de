"""One turn of a conversation: gathers the context, fits the prompt, streams the answer, checks it and stores it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from core.chat import generation, prompt, structured
from core.chat.context import ContextGatherer, GatheredContext
from core.chat.generation import AnswerDraft, AnsweringModel
from core.chat.history import possible_starts, prompt_token_limit, start_date
from core.chat.messages import verdict_text
from core.chat.model_access import ChatModelAccess
from core.chat.prompt_fitting import FittedPrompt, PromptFitter, with_prompt
from core.chat.tools.document_tools import TOOL_SPECS, DocumentAccess, DocumentTools
from core.citations import checker
from core.citations.verdicts import judge
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
    Verdict,
)
from core.domain.faults import N_, ChatFault
from core.domain.file_names import readable
from core.library.throttle import Throttle
from core.settings import SettingsStore
from core.store.conversations.conversations import Conversations
from models.cancel import CancelToken
from models.conversation import Effort, FinishReason, ModelEvent, Sampling
from models.progress import ReportProgress, ignore_progress

log = logging.getLogger(__name__)

TurnEvent = SearchedDocuments | SurveySuggested | Omission | ContextSummary | ModelEvent | ToolUsed | AnswerSaved
MARKDOWN_TEXT = AnswerFormat()


@dataclass(frozen=True, slots=True)
class _Turn:
    """A turn whose question is stored and whose prompt fits the context."""

    conversation_id: int
    gathered: GatheredContext
    fitted: FittedPrompt
    answer_format: AnswerFormat
    max_answer_tokens: int
    cancel: CancelToken


class Chat:
    """Answers questions in stored conversations. Call it on the thread that owns the chat model and on no other."""

    def __init__(
        self,
        conversations: Conversations,
        gatherer: ContextGatherer,
        documents: DocumentAccess,
        model: ChatModelAccess,
        throttle: Throttle,
        settings: SettingsStore,
        sampling: Sampling,
    ) -> None:
        self._conversations = conversations
        self._gatherer = gatherer
        self._documents = documents
        self._model = model
        self._throttle = throttle
        self._settings = settings
        self._sampling = sampling

    def prefill_history(
        self, conversation_id: int, effort: Effort | None = None, cancel: CancelToken | None = None
    ) -> None:
        """Prefill everything before the next question of a stored conversation (0: of a new one), so that only the
        question is left to prefill. Loads the model if need be. Raises `ModelFault`, `StorageFault`."""
        cancel = cancel or CancelToken()
        with self._throttle.while_answering():
            model = self._model.open(ignore_progress, cancel, conversation_id)
            history = self._conversations.messages(conversation_id) if conversation_id else ()
            effort = effort or Effort(self._settings.current.effort)
            token_limit = prompt_token_limit(model.context_tokens)
            for start in possible_starts(history, token_limit):
                conversation = prompt.conversation(history[start:], None, effort, TOOL_SPECS, start_date(history))
                if model.count_prompt(conversation) <= token_limit:
                    break
            model.warm_up(conversation, cancel)
            self._model.record_first_speed(model)

    def ask(
        self,
        conversation_id: int,
        question: str,
        *,
        effort: Effort | None = None,
        max_tokens: int | None = None,
        cancel: CancelToken | None = None,
        report: ReportProgress = ignore_progress,
        scope: Scope | None = None,
        latency_budget: LatencyBudget | None = None,
        answer_format: AnswerFormat = MARKDOWN_TEXT,
    ) -> Iterator[TurnEvent]:
        """Yield what was found, then the answer while it is written, and `AnswerSaved` at the end.

        In order: `SearchedDocuments`; `SurveySuggested` if the question is about every document; nothing while a model
        is loaded (its progress goes to `report`, in bytes); `SearchedDocuments` again if fewer passages fit than were
        found; an `Omission` for each thing left out; `ContextSummary`; then the model's events, with `ToolUsed` and
        more `Omission`s among them.

        Without `scope`, the conversation's is used; without `effort`, `max_tokens` (of reasoning and answer together)
        and `latency_budget`, the settings'. In an `answer_format` other than text, the deltas are JSON, which the
        stored answer has in `data` and, as Markdown, in `text`.

        The question is stored before anything can fail, a stopped answer as far as it was written. Raises `ChatFault`,
        `ModelFault` or `StorageFault`.
        """
        question = readable(question).strip()
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        structured.require_usable(answer_format)
        cancel = cancel or CancelToken()
        max_answer_tokens = max_tokens or self._settings.current.answer_tokens
        with self._throttle.while_answering():
            history = self._conversations.messages(conversation_id)
            gathered = self._gather(conversation_id, question, history, scope, latency_budget, cancel)
            message = self._conversations.append(conversation_id, _question_message(question, gathered, history))
            yield gathered.search_event(gathered.passages)
            if gathered.suggestion is not None:
                yield gathered.suggestion
            model = self._model.open(report, cancel, conversation_id)
            fitted = self._fit(model, history, message, gathered, effort, answer_format)
            self._conversations.replace(fitted.question_message)
            if len(fitted.passages) != len(gathered.passages):
                yield gathered.search_event(fitted.passages)
            yield from fitted.question_message.omissions
            yield fitted.context_summary
            turn = _Turn(conversation_id, gathered, fitted, answer_format, max_answer_tokens, cancel)
            yield from self._write_answer(model, turn)

    def _gather(
        self,
        conversation_id: int,
        question: str,
        history: Sequence[ChatMessage],
        scope: Scope | None,
        latency_budget: LatencyBudget | None,
        cancel: CancelToken,
    ) -> GatheredContext:
        return self._gatherer.gather(
            question,
            history,
            self._conversations.scope(conversation_id) if scope is None else scope,
            latency_budget or LatencyBudget(self._settings.current.patience),
            self._model.speed(),
            cancel,
        )

    def _fit(
        self,
        model: AnsweringModel,
        history: Sequence[ChatMessage],
        question_message: ChatMessage,
        gathered: GatheredContext,
        effort: Effort | None,
        answer_format: AnswerFormat,
    ) -> FittedPrompt:
        effort = effort or Effort(self._settings.current.effort)
        format_request = structured.format_request(answer_format)
        return PromptFitter(model, question_message, gathered, effort, TOOL_SPECS, format_request).fit(history)

    def _write_answer(self, model: AnsweringModel, turn: _Turn) -> Iterator[TurnEvent]:
        draft = AnswerDraft()
        fitted = turn.fitted
        tools = DocumentTools(self._documents, fitted.numbering, turn.gathered.document_ids, turn.cancel)
        started_s = time.monotonic()
        events = generation.generate_answer(
            model,
            fitted.conversation,
            tools.toolbox(),
            draft,
            max_tokens=turn.max_answer_tokens,
            cancel=turn.cancel,
            sampling=structured.constrained_sampling(self._sampling, turn.answer_format),
        )
        try:
            yield from events
        except BaseException:
            self._save(turn, draft)
            raise
        self._model.record_speed(draft.usage)
        saved = self._save(turn, draft)
        log.info("answered in %.1f s, %d citations", time.monotonic() - started_s, len(saved.citations))
        yield AnswerSaved(saved)

    def _save(self, turn: _Turn, draft: AnswerDraft) -> ChatMessage:
        """Store the answer with its checked citations. An empty draft is not stored."""
        fitted = turn.fitted
        text = "".join(draft.answer_parts).strip()
        if draft.refusal_filter.refused and not text:  # the marker was all the model wrote
            text = verdict_text(Verdict.NOT_IN_DOCUMENTS)
        message = ChatMessage(
            id=0,
            role="assistant",
            text=checker.normalise_marks(text) if turn.answer_format.kind is FormatKind.TEXT else text,
            reasoning="".join(draft.reasoning_parts).strip(),
            sources=fitted.numbering.sources[fitted.prompt_source_count :],
            tools=tuple(draft.tools_used),
            effort=fitted.conversation.effort,
            complete=draft.finish_reason is FinishReason.COMPLETE,
            usage=draft.usage,
            omissions=tuple(draft.omissions),
        )
        if message.text:
            message = _with_check(message, turn, refused=draft.refusal_filter.refused)
        if not (message.text or message.reasoning):
            return message
        return self._conversations.append(turn.conversation_id, message)


def _question_message(question: str, gathered: GatheredContext, history: Sequence[ChatMessage]) -> ChatMessage:
    """Build the message that is stored before a model is loaded: the question with every passage that was found."""
    message = with_prompt(ChatMessage(0, "user", question), gathered, gathered.passages, history, "")
    return replace(
        message,
        omissions=gathered.omissions,
        context_summary=gathered.context_summary(gathered.passages, None),
        suggestion=gathered.suggestion,
    )


def _with_check(message: ChatMessage, turn: _Turn, *, refused: bool) -> ChatMessage:
    """Return `message` with its citations and their check. `refused` says that it began with the refusal marker."""
    sources, nearest = turn.fitted.numbering.sources, turn.fitted.passage_sources
    if turn.answer_format.kind is not FormatKind.TEXT:
        return structured.checked_answer(
            message, turn.answer_format, sources, nearest, answerability=turn.gathered.answerability
        )
    check = judge(message.text, sources, nearest=nearest, answerability=turn.gathered.answerability, refused=refused)
    return replace(message, citations=checker.check(message.text, sources), check=check)
