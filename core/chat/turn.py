"""One turn of a conversation: search, prompt, stream, check the citations, save."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.chat import generation, prompt, structured
from core.chat.context import ContextGatherer, GatheredContext
from core.chat.generation import AnsweringModel, AnswerDraft
from core.chat.history import start_date, possible_starts, prompt_token_limit
from core.chat.messages import verdict_text
from core.chat.prompt_fitting import FittedPrompt, PromptFitting, with_prompt
from core.chat.sources import SourceNumbering
from core.chat.tools.document_tools import DocumentTools
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
from core.library.library import Library
from core.library.throttle import Throttle
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from core.settings import SettingsStore
from core.store.conversations.conversations import Conversations
from core.store.conversations.model_speeds import Speed, Speeds
from core.store.documents.scopes import Scopes
from models.cancel import CancelToken
from models.conversation import Effort, FinishReason, ModelEvent, Sampling, Usage
from models.progress import ReportProgress, ignore_progress

log = logging.getLogger(__name__)

MIN_MEASURED_TOKENS = 128  # a speed measured on fewer says little

TurnEvent = SearchedDocuments | SurveySuggested | Omission | ContextSummary | ModelEvent | ToolUsed | AnswerSaved
OpenModel = Callable[[ReportProgress, CancelToken, int], AnsweringModel]
"""Gives the model, ready for the stored conversation of that number."""
MARKDOWN_TEXT = AnswerFormat()


@dataclass(frozen=True, slots=True)
class _Turn:
    """A turn whose question is stored and fits."""

    conversation_id: int
    gathered: GatheredContext
    fitted: FittedPrompt
    answer_format: AnswerFormat
    max_answer_tokens: int
    cancel: CancelToken


class Chat:
    """Asks and answers. `ask` runs on the thread that owns the model and nowhere else."""

    def __init__(
        self,
        conversations: Conversations,
        library: Library,
        scopes: Scopes,
        retriever: Retriever,
        gathering: ContextGatherer,
        phrases: PhraseSearch,
        open_model: OpenModel,
        model_key: Callable[[], str],
        speeds: Speeds,
        attention: Throttle,
        settings: SettingsStore,
        sampling: Sampling,
    ) -> None:
        self._conversations = conversations
        self._library = library
        self._scopes = scopes
        self._retriever = retriever
        self._gathering = gathering
        self._phrases = phrases
        self._open_model = open_model
        self._model_key = model_key
        self._speeds = speeds
        self._attention = attention
        self._settings = settings
        self._sampling = sampling
        self._tools = DocumentTools(library, scopes, retriever, phrases, SourceNumbering()).toolbox().specs

    def prefill_history(self, conversation_id: int, effort: Effort | None = None, cancel: CancelToken | None = None) -> None:
        """Have the model read what comes before the next question of a stored conversation (0: of a new one), so that
        only the question itself is left to read. Loads the model if need be; raises `ModelFault`, `StorageFault`."""
        cancel = cancel or CancelToken()
        with self._attention.answering():
            model = self._open_model(ignore_progress, cancel, conversation_id)
            history = self._conversations.messages(conversation_id) if conversation_id else ()
            effort = effort or Effort(self._settings.current.effort)
            for start in possible_starts(history, prompt_token_limit(model.context_tokens)):
                whole = prompt.conversation(history[start:], None, effort, self._tools, start_date(history))
                if model.count_prompt(whole) <= prompt_token_limit(model.context_tokens):
                    break
            model.warm_up(whole, cancel)
            self._record_first_speed(model)

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
        """Yield what was found, then the answer as it is written, last `AnswerSaved`.

        In order: `SearchedDocuments`; `SurveySuggested` if the question is about everything; while a model is loaded,
        nothing (progress goes to `report`, in bytes); `SearchedDocuments` again if less is given than was found; an
        `Omission` for all that is left out; `Basis`; then the model's events with `ToolUsed` and further `Omission`s
        among them. `scope` and `patience` are the conversation's and the settings' unless given. With an
        `answer_format` other than text, the deltas are JSON; the stored answer has it in `data` and as Markdown.

        The question is stored before anything can fail; a stopped answer is stored as far as it came. Raises
        `ChatFault`, `ModelFault` or `StorageFault`.
        """
        question = readable(question).strip()
        if not question:
            raise ChatFault(N_("Nothing asked"), N_("The question is empty."), N_("Type a question first."))
        structured.require_usable(answer_format)
        cancel = cancel or CancelToken()
        limit = max_tokens or self._settings.current.answer_tokens
        with self._attention.answering():
            history = self._conversations.messages(conversation_id)
            gathered = self._gather(conversation_id, question, history, scope, latency_budget, cancel)
            asked = self._conversations.append(conversation_id, _question_message(question, gathered, history))
            yield gathered.search_event(gathered.passages)
            if gathered.suggestion is not None:
                yield gathered.suggestion
            model = self._open_model(report, cancel, conversation_id)
            fitted = self._fit(model, history, asked, gathered, effort, answer_format)
            self._conversations.replace(fitted.question_message)
            if len(fitted.passages) != len(gathered.passages):
                yield gathered.search_event(fitted.passages)
            yield from fitted.question_message.omissions
            yield fitted.summary
            turn = _Turn(conversation_id, gathered, fitted, answer_format, limit, cancel)
            yield from self._write_answer(model, turn)

    def _gather(
        self,
        conversation_id: int,
        question: str,
        history: Sequence[ChatMessage],
        scope: Scope | None,
        patience: LatencyBudget | None,
        cancel: CancelToken,
    ) -> GatheredContext:
        return self._gathering.gather(
            question,
            history,
            self._conversations.scope(conversation_id) if scope is None else scope,
            patience or LatencyBudget(self._settings.current.patience),
            self._speeds.of(self._model_key()),
            cancel,
        )

    def _fit(
        self,
        model: AnsweringModel,
        history: Sequence[ChatMessage],
        asked: ChatMessage,
        gathered: GatheredContext,
        effort: Effort | None,
        answer_format: AnswerFormat,
    ) -> FittedPrompt:
        effort = effort or Effort(self._settings.current.effort)
        request = structured.format_request(answer_format)
        return PromptFitting(model, asked, gathered, effort, self._tools, request).fit(history)

    def _write_answer(self, model: AnsweringModel, turn: _Turn) -> Iterator[TurnEvent]:
        draft = AnswerDraft()
        fitted = turn.fitted
        tools = DocumentTools(
            self._library,
            self._scopes,
            self._retriever,
            self._phrases,
            fitted.numbering,
            turn.gathered.document_ids,
            turn.cancel,
        )
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
        self._record_speed(draft.usage)
        saved = self._save(turn, draft)
        log.info("answered in %.1f s, %d citations", time.monotonic() - started_s, len(saved.citations))
        yield AnswerSaved(saved)

    def _save(self, turn: _Turn, draft: AnswerDraft) -> ChatMessage:
        """Store the answer with its checked citations; an empty draft is not stored."""
        fitted = turn.fitted
        text = "".join(draft.answer_parts).strip()
        if draft.refusal_filter.refused and not text:  # the mark was all it said
            text = verdict_text(Verdict.NOT_IN_DOCUMENTS)
        message = ChatMessage(
            0,
            "assistant",
            checker.normalise_marks(text) if turn.answer_format.kind is FormatKind.TEXT else text,
            "".join(draft.reasoning_parts).strip(),
            sources=fitted.numbering.sources[fitted.prompt_source_count :],
            tools=tuple(draft.tools_used),
            effort=fitted.conversation.effort,
            complete=draft.finish_reason is FinishReason.COMPLETE,
            usage=draft.usage,
            omissions=tuple(draft.omissions),
        )
        if message.text:
            message = _with_check(message, turn, declined=draft.refusal_filter.refused)
        if not (message.text or message.reasoning):
            return message
        return self._conversations.append(turn.conversation_id, message)

    def _record_first_speed(self, model: AnsweringModel) -> None:
        """What reading ahead tells of this machine, so that the very first question has a figure too."""
        key, prefill = self._model_key(), model.prefill_tokens_s
        if key and prefill and self._speeds.of(key) is None:
            self._speeds.note(key, Speed(prefill, 0.0))

    def _record_speed(self, usage: Usage) -> None:
        """Keep how fast this model is here, for what the next questions may have read."""
        read = usage.prompt_tokens - usage.reused_tokens
        key = self._model_key()
        if key and read >= MIN_MEASURED_TOKENS and usage.prefill_s > 0:
            written = usage.generated_tokens / usage.decode_s if usage.decode_s > 0 else 0.0
            self._speeds.note(key, Speed(read / usage.prefill_s, written))


def _question_message(question: str, gathered: GatheredContext, history: Sequence[ChatMessage]) -> ChatMessage:
    """`question` as it is stored before a model is there: with all that was found."""
    asked = with_prompt(ChatMessage(0, "user", question), gathered, gathered.passages, history, "")
    return replace(
        asked,
        omissions=gathered.omissions,
        basis=gathered.summary(gathered.passages, None),
        suggestion=gathered.suggestion,
    )


def _with_check(message: ChatMessage, turn: _Turn, *, declined: bool) -> ChatMessage:
    """`message` with what the application found about it."""
    sources, nearest = turn.fitted.numbering.sources, turn.fitted.passage_sources
    if turn.answer_format.kind is not FormatKind.TEXT:
        return structured.checked_answer(message, turn.answer_format, sources, nearest, answerability=turn.gathered.answerability)
    judgement = judge(message.text, sources, nearest=nearest, answered=turn.gathered.answerability, declined=declined)
    return replace(message, citations=checker.check(message.text, sources), judgement=judgement)
