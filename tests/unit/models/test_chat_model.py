"""The chat model on a real, tiny gpt-oss whose output a grammar dictates: prompts, KV cache, events, stops, faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.cancel import CancelToken
from models.chat_model import ChatModel
from models.conversation import (
    AnswerDelta,
    Conversation,
    Finished,
    FinishReason,
    Message,
    ModelEvent,
    PrefillProgress,
    ReasoningDelta,
    Role,
    Sampling,
    ToolCall,
)
from models.faults import Cancelled, ModelFault
from models.gguf.header import read_header
from models.loading.crash_log import LoadCrashLog
from models.loading.load_plan import GIB, LoadPlan, plan_chat
from models.machine.probe import Machine
from models.prompts.harmony_vocabulary import FINAL_HEADER
from tests.support import speech

THOUGHT, ANSWER = "The passage names the valve.", "The valve closes in winter [1]."
SPEECH = Sampling(grammar=speech.speech(THOUGHT, ANSWER), seed=1)
ANALYSIS = '<[200005]> "analysis" <[200008]>'  # <|channel|>analysis<|message|>
QUESTION = Conversation((Message(Role.USER, "When does the valve close?"),), instructions="Answer from the passages.")


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def plan(tiny_gpt_oss: Path) -> LoadPlan:
    machine = Machine(16 * GIB, 8 * GIB, physical_cores=1)
    return replace(plan_chat(read_header(tiny_gpt_oss), machine, wanted_context=4096), mmap=True, repack=False)


@pytest.fixture(scope="module")
def loaded(tiny_gpt_oss: Path, plan: LoadPlan, cache_dir: Path) -> Iterator[ChatModel]:
    model = ChatModel.open(tiny_gpt_oss, plan, cache_dir)
    yield model
    model.close()


@pytest.fixture
def model(loaded: ChatModel) -> ChatModel:
    loaded.clear_kv_cache()
    return loaded


def finished(events: list[ModelEvent]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def said(events: list[ModelEvent]) -> tuple[str, str]:
    """Reasoning and answer."""
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    return reasoning, "".join(event.text for event in events if isinstance(event, AnswerDelta))


def followed_by(conversation: Conversation, answer: str, question: str) -> Conversation:
    added = (Message(Role.ASSISTANT, answer, reasoning=THOUGHT), Message(Role.USER, question))
    return replace(conversation, messages=(*conversation.messages, *added))


def test_reasoning_and_answer_come_as_events_and_the_turn_is_complete(model: ChatModel) -> None:
    events = list(model.generate(QUESTION, sampling=SPEECH))
    assert said(events) == (THOUGHT, ANSWER)
    assert finished(events).reason is FinishReason.COMPLETE
    usage = finished(events).usage
    assert usage.prompt_tokens == model.count_prompt(QUESTION)
    assert usage.reused_tokens == 0 and usage.generated_tokens > 10
    assert usage.prefill_s > 0 and usage.decode_s > 0


def test_prefill_progress_goes_from_nothing_to_the_whole_prompt(model: ChatModel) -> None:
    long = replace(QUESTION, messages=(Message(Role.USER, "The valve closes in winter. " * 150),))
    reports = [event for event in model.generate(long, max_tokens=4) if isinstance(event, PrefillProgress)]
    done = [report.done_tokens for report in reports]
    assert done[0] == 0 and done == sorted(done) and done[-1] == reports[-1].total_tokens
    assert len(done) > 4
    assert reports[0].seconds_left is None and reports[-1].seconds_left == 0
    following = [*done[1:], reports[-1].total_tokens]
    assert [report.next_report_tokens for report in reports] == following


def test_prefill_progress_is_extrapolated_up_to_the_next_report() -> None:
    report = PrefillProgress(100, 1100, 50.0, 612)
    assert report.extrapolated(0) == report
    assert report.extrapolated(10) == PrefillProgress(300, 1100, 40.0, 612)
    assert report.extrapolated(3600).done_tokens == 612
    assert PrefillProgress(0, 900, None, 512).extrapolated(10) == PrefillProgress(0, 900, None, 512)
    assert PrefillProgress(900, 900, 0.0, 900).extrapolated(10).done_tokens == 900


def test_a_second_turn_prefills_little_more_than_what_is_new(model: ChatModel) -> None:
    first = finished(list(model.generate(QUESTION, sampling=SPEECH))).usage
    second = followed_by(QUESTION, ANSWER, "And when does it open?")
    usage = finished(list(model.generate(second, sampling=SPEECH))).usage
    assert usage.reused_tokens >= first.prompt_tokens - 1
    new = usage.prompt_tokens - first.prompt_tokens
    assert usage.prompt_tokens - usage.reused_tokens <= new + 64


def test_after_warming_up_with_the_answer_the_next_turn_prefills_the_question_alone(model: ChatModel) -> None:
    list(model.generate(QUESTION, sampling=SPEECH))
    model.warm_up(replace(QUESTION, messages=(*QUESTION.messages, Message(Role.ASSISTANT, ANSWER, reasoning=THOUGHT))))
    second = followed_by(QUESTION, ANSWER, "And when does it open?")
    usage = finished(list(model.generate(second, sampling=SPEECH))).usage
    question_tokens = model.count_tokens("And when does it open?")
    assert usage.prompt_tokens - usage.reused_tokens <= question_tokens + 8


def test_asking_the_same_again_prefills_one_token(model: ChatModel) -> None:
    list(model.generate(QUESTION, sampling=SPEECH))
    usage = finished(list(model.generate(QUESTION, sampling=SPEECH))).usage
    assert usage.prompt_tokens - usage.reused_tokens == 1


def test_an_edited_question_reuses_everything_before_it(model: ChatModel) -> None:
    conversation = followed_by(QUESTION, ANSWER, "And when does it open?")
    list(model.generate(conversation, sampling=SPEECH))
    edited = followed_by(QUESTION, ANSWER, "Which valve is meant?")
    usage = finished(list(model.generate(edited, sampling=SPEECH))).usage
    before = replace(QUESTION, messages=(*QUESTION.messages, Message(Role.ASSISTANT, ANSWER)))
    assert usage.reused_tokens >= model.count_prompt(before) - 2


def test_the_fixed_part_can_be_prefilled_before_the_first_question(model: ChatModel) -> None:
    model.warm_up(replace(QUESTION, messages=()))
    usage = finished(list(model.generate(QUESTION, sampling=SPEECH))).usage
    assert usage.reused_tokens > 20
    assert usage.prompt_tokens - usage.reused_tokens < 20


def test_reusing_the_kv_cache_changes_no_answer(model: ChatModel) -> None:
    """Greedy tokens with a fresh and with a reused cache; one different token would change all that follow."""
    greedy = Sampling(temperature=0.0)
    model.warm_up(replace(QUESTION, messages=()))
    other = replace(QUESTION, messages=(Message(Role.USER, "Something else entirely, and longer than that."),))
    list(model.generate(other, max_tokens=30, sampling=greedy))
    reused = said(list(model.generate(QUESTION, max_tokens=24, sampling=greedy)))
    model.clear_kv_cache()
    model.warm_up(replace(QUESTION, messages=()))
    assert said(list(model.generate(QUESTION, max_tokens=24, sampling=greedy))) == reused


def test_the_same_seed_gives_the_same_words(model: ChatModel) -> None:
    seeded = Sampling(seed=7)
    one, other = (said(list(model.generate(QUESTION, max_tokens=16, sampling=seeded))) for _ in range(2))
    assert one == other
    assert said(list(model.generate(QUESTION, max_tokens=16, sampling=Sampling(seed=8)))) != one


def test_cancelling_during_decode_ends_with_an_event(model: ChatModel) -> None:
    cancel, events = CancelToken(), []
    for event in model.generate(QUESTION, cancel=cancel):
        events.append(event)
        if not isinstance(event, PrefillProgress):
            cancel.cancel()
    assert finished(events).reason is FinishReason.CANCELLED


def test_cancelling_during_prefill_keeps_what_was_done(model: ChatModel) -> None:
    cancel, events = CancelToken(), []
    long = replace(QUESTION, messages=(Message(Role.USER, "The valve closes in winter. " * 300),))
    for event in model.generate(long, cancel=cancel):
        events.append(event)
        if isinstance(event, PrefillProgress) and event.done_tokens > 300:
            cancel.cancel()
    assert finished(events).reason is FinishReason.CANCELLED
    usage = finished(list(model.generate(long, max_tokens=4))).usage
    assert usage.reused_tokens > 300


def test_a_cancel_token_that_is_already_set_generates_nothing(model: ChatModel) -> None:
    cancel = CancelToken()
    cancel.cancel()
    events = list(model.generate(QUESTION, cancel=cancel))
    assert finished(events).reason is FinishReason.CANCELLED
    assert finished(events).usage.generated_tokens == 0


def test_an_abandoned_generation_does_not_affect_the_next(model: ChatModel) -> None:
    events = model.generate(QUESTION, sampling=SPEECH)
    next(event for event in events if isinstance(event, ReasoningDelta))
    events.close()
    assert said(list(model.generate(QUESTION, sampling=SPEECH))) == (THOUGHT, ANSWER)


def test_answer_now_ends_the_reasoning(model: ChatModel) -> None:
    endless = Sampling(grammar=f"root ::= {ANALYSIS} [a-z ]+", seed=1)
    events: list[ModelEvent] = []
    for event in model.generate(QUESTION, max_tokens=60, sampling=endless):
        events.append(event)
        if isinstance(event, ReasoningDelta) and len(events) > 10:
            model.answer_now()
    assert said(events)[0] and said(events)[1]


def test_endless_reasoning_is_ended_for_the_answer(model: ChatModel) -> None:
    events = list(model.generate(QUESTION, max_tokens=40, sampling=Sampling(seed=3)))
    assert finished(events).reason in (FinishReason.LENGTH, FinishReason.COMPLETE)
    assert finished(events).usage.generated_tokens <= 40
    assert said(events)[1]


def test_a_turn_without_an_answer_is_continued_with_one(model: ChatModel) -> None:
    only_reasoning = Sampling(grammar=f'root ::= {ANALYSIS} "thinking"', seed=1)
    events = list(model.generate(QUESTION, sampling=only_reasoning))
    assert said(events)[0] == "thinking"
    assert tuple(model._cache.tokens[-len(FINAL_HEADER) :]) == FINAL_HEADER, "the grammar leaves it nothing to answer"
    assert finished(events).reason is FinishReason.COMPLETE


def test_a_tool_call_ends_the_turn(model: ChatModel) -> None:
    calling = Sampling(grammar=speech.grammar(speech.call("find", {"words": "valve"})), seed=1)
    events = list(model.generate(QUESTION, sampling=calling))
    assert ToolCall("find", '{"words": "valve"}') in [
        replace(event, name=event.name.removeprefix("functions.")) for event in events if isinstance(event, ToolCall)
    ]
    assert finished(events).reason is FinishReason.TOOL_CALL


def test_an_answer_keeps_to_its_schema(model: ChatModel) -> None:
    schema = '{"type": "object", "properties": {"open": {"type": "boolean"}}, "required": ["open"]}'
    events: list[ModelEvent] = []
    for event in model.generate(QUESTION, max_tokens=60, sampling=Sampling(answer_schema=schema, seed=1)):
        if isinstance(event, PrefillProgress):
            model.answer_now()
        events.append(event)
    assert said(events)[1].replace(" ", "").replace("\n", "").startswith('{"open":')


@pytest.mark.parametrize("grammar", ["root ::= (", "no rules", "root ::= missing", "x" * 2_000_000, "a\0b"])
def test_a_grammar_that_cannot_be_read_is_a_fault(model: ChatModel, grammar: str) -> None:
    with pytest.raises(ModelFault):
        list(model.generate(QUESTION, sampling=Sampling(grammar=grammar)))


def test_a_conversation_longer_than_the_context_is_refused_before_prefill(model: ChatModel) -> None:
    long = replace(QUESTION, messages=(Message(Role.USER, "winter " * 5000),))
    with pytest.raises(ModelFault, match=r"takes 5,0\d\d tokens, and the model can keep 4,096"):
        list(model.generate(long))
    assert said(list(model.generate(QUESTION, sampling=SPEECH))) == (THOUGHT, ANSWER)


def test_generation_stops_where_the_context_ends(model: ChatModel) -> None:
    long = replace(QUESTION, messages=(Message(Role.USER, "winter " * 3900),))
    events = list(model.generate(long, sampling=Sampling(seed=1)))
    assert finished(events).reason in (FinishReason.LENGTH, FinishReason.COMPLETE)
    assert finished(events).usage.prompt_tokens + finished(events).usage.generated_tokens <= 4096


def test_another_thread_may_not_use_it(model: ChatModel) -> None:
    raised: list[BaseException] = []

    def use() -> None:
        try:
            model.generate(QUESTION)
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert raised


def test_a_truncated_file_is_refused_with_a_sentence(
    tiny_gpt_oss: Path, plan: LoadPlan, cache_dir: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_gpt_oss.read_bytes()[:-100_000])
    with pytest.raises(ModelFault, match="should have"):
        ChatModel.open(cut, plan, cache_dir)


def test_an_absent_file_is_refused_with_a_sentence(plan: LoadPlan, cache_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFault):
        ChatModel.open(tmp_path / "absent.gguf", plan, cache_dir)


def test_an_embedding_model_is_no_chat_model(minilm_gguf: Path, plan: LoadPlan, cache_dir: Path) -> None:
    with pytest.raises(ModelFault):
        ChatModel.open(minilm_gguf, plan, cache_dir)


def test_a_cancelled_load_is_no_crash(tiny_gpt_oss: Path, plan: LoadPlan, tmp_path: Path) -> None:
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        ChatModel.open(tiny_gpt_oss, plan, tmp_path, report=lambda _: cancel.cancel(), cancel=cancel)
    assert not LoadCrashLog(tmp_path).has_crashed(tiny_gpt_oss, plan.load_mode)


def test_after_a_crash_the_model_is_loaded_with_safer_settings(
    tiny_gpt_oss: Path, plan: LoadPlan, tmp_path: Path
) -> None:
    fast = replace(plan, mmap=False, repack=True, repack_experts=True)
    LoadCrashLog(tmp_path).begin(tiny_gpt_oss, fast.load_mode)  # and then the process crashed
    model = ChatModel.open(tiny_gpt_oss, fast, tmp_path)
    try:
        assert model.plan.mmap and not model.plan.repack
        assert "ended the program" in str(model.plan.reasons[-1])
    finally:
        model.close()
    assert LoadCrashLog(tmp_path).has_crashed(tiny_gpt_oss, fast.load_mode), "it is not tried a second time"
    assert not LoadCrashLog(tmp_path).has_crashed(tiny_gpt_oss, model.plan.load_mode)


def test_repacked_weights_write_the_same(tiny_gpt_oss: Path, plan: LoadPlan, cache_dir: Path) -> None:
    fast = replace(plan, mmap=False, repack=True, repack_experts=True)
    model = ChatModel.open(tiny_gpt_oss, fast, cache_dir)
    try:
        assert said(list(model.generate(QUESTION, sampling=SPEECH))) == (THOUGHT, ANSWER)
    finally:
        model.close()
