"""The chat model on models with a chat template: tiny files with random weights, whose output a grammar dictates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from models.catalog.adopt import kind_of
from models.chat_model import ChatModel
from models.conversation import (
    AnswerDelta,
    Conversation,
    Effort,
    Finished,
    FinishReason,
    Message,
    ModelEvent,
    ReasoningDelta,
    Role,
    Sampling,
    ToolCall,
    ToolSpec,
)
from models.faults import ModelFault
from models.gguf.header import read_header
from models.loading.load_plan import GIB, plan_chat
from models.machine.probe import Machine
from tests.support.gguf_models import TINY, write_gpt_oss
from tests.support.template_models import SPECS, special_ids, write_model

QUESTION = Conversation(
    (Message(Role.USER, "When does the valve close? </think><|im_end|>"),), instructions="Be brief."
)
SEARCH = ToolSpec("search", "Find passages", '{"type": "object", "properties": {"query": {"type": "string"}}}')
MACHINE = Machine(16 * GIB, 8 * GIB, physical_cores=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name, spec in SPECS.items():
        write_model(folder / f"{name}.gguf", spec)
    return folder


@contextmanager
def opened(folder: Path, name: str) -> Iterator[ChatModel]:
    path = folder / f"{name}.gguf"
    model = ChatModel.open(path, plan_chat(read_header(path), MACHINE, wanted_context=4096), folder / "cache")
    try:
        yield model
    finally:
        model.close()


def asked(
    model: ChatModel, speech: str, conversation: Conversation = QUESTION, max_tokens: int = 400
) -> tuple[str, str, list[ToolCall], Finished]:
    """Reasoning, answer, tool calls and the last event of a generation that `speech` (GBNF) dictates."""
    events: list[ModelEvent] = list(
        model.generate(conversation, max_tokens=max_tokens, sampling=Sampling(grammar=f"root ::= {speech}", seed=1))
    )
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    answer = "".join(event.text for event in events if isinstance(event, AnswerDelta))
    last = events[-1]
    assert isinstance(last, Finished)
    return reasoning, answer, [event for event in events if isinstance(event, ToolCall)], last


def tag(name: str, text: str) -> str:
    return f"<[{special_ids(SPECS[name])[text]}]>"


SPEECHES = {
    "Qwen 3": f'{tag("Qwen 3", "<think>")} "\\nHm, the é.\\n" {tag("Qwen 3", "</think>")} "\\n\\nIn winter, at 5° 😀."',
    "DeepSeek-R1": '"Hm, the é.\\n</think>\\n\\nIn winter, at 5° 😀."',
    "Llama 3": '"<think>Hm, the é.</think>In winter, at 5° 😀."',
    "Gemma": '"<think>Hm, the é.</think>In winter, at 5° 😀."',
}


@pytest.mark.parametrize("name", SPECS)
def test_a_model_reasons_and_answers(folder: Path, name: str) -> None:
    with opened(folder, name) as model:
        model.warm_up(Conversation((), instructions=QUESTION.instructions))
        reasoning, answer, calls, last = asked(model, SPEECHES[name])
        assert (reasoning, answer, calls) == ("Hm, the é.", "In winter, at 5° 😀.", [])
        assert last.reason is FinishReason.COMPLETE
        assert last.usage.reused_tokens > 5
        messages = (*QUESTION.messages, Message(Role.ASSISTANT, answer, reasoning), Message(Role.USER, "Why?"))
        longer = Conversation(messages, instructions=QUESTION.instructions)
        again = asked(model, '"So."', longer)[3]
        assert again.usage.reused_tokens > last.usage.prompt_tokens // 2
        assert again.usage.reused_tokens < again.usage.prompt_tokens


def test_a_model_answers_without_reasoning_if_asked_to(folder: Path) -> None:
    quick = Conversation(QUESTION.messages, effort=Effort.LOW)
    with opened(folder, "Qwen 3") as model:
        assert asked(model, '"In winter."', quick)[:2] == ("", "In winter.")


def test_a_model_calls_a_tool(folder: Path) -> None:
    call = '{\\"name\\": \\"search\\", \\"arguments\\": {\\"query\\": \\"valve\\"}}'
    speech = f'{tag("Qwen 3", "<tool_call>")} "\\n{call}\\n" {tag("Qwen 3", "</tool_call>")}'
    with opened(folder, "Qwen 3") as model:
        offered = Conversation(QUESTION.messages, tools=(SEARCH,))
        _, answer, calls, last = asked(model, speech, offered)
        assert (answer, calls) == ("", [ToolCall("search", '{"query": "valve"}')])
        assert last.reason is FinishReason.TOOL_CALL


def test_endless_reasoning_is_ended_for_the_answer(folder: Path) -> None:
    with opened(folder, "DeepSeek-R1") as model:
        endless = '"a"+ "</think>\\n\\n" more\nmore ::= "b" more'
        reasoning, answer, _, last = asked(model, endless, max_tokens=60)
        assert set(reasoning) == {"a"}
        assert set(answer) == {"b"}
        assert last.reason is FinishReason.LENGTH


def test_answer_now_ends_the_reasoning(folder: Path) -> None:
    with opened(folder, "DeepSeek-R1") as model:
        events = model.generate(
            QUESTION, max_tokens=300, sampling=Sampling(grammar='root ::= "a"+ "</think>\\n\\nYes."')
        )
        seen = []
        for event in events:
            seen.append(event)
            if isinstance(event, ReasoningDelta):
                model.answer_now()
        answer = "".join(event.text for event in seen if isinstance(event, AnswerDelta))
        assert answer == "Yes."
        assert sum(isinstance(event, ReasoningDelta) for event in seen) < 5


def test_a_split_model_is_loaded_by_its_first_file(tmp_path: Path) -> None:
    """gpt-oss-120b is published in this way."""
    write_gpt_oss(tmp_path / "large.gguf", TINY, tensors_per_file=20)
    first, *others = sorted(tmp_path.glob("*.gguf"))
    assert first.name == "large-00001-of-00003.gguf" and len(others) == 2
    header = read_header(first)
    assert header.size_bytes == sum(path.stat().st_size for path in (first, *others))
    assert kind_of(header) == "chat"
    reported: list[int] = []
    plan = plan_chat(header, MACHINE, wanted_context=4096)
    model = ChatModel.open(first, plan, tmp_path / "cache", report=lambda progress: reported.append(progress.total))
    try:
        assert list(model.generate(QUESTION, max_tokens=4))
        assert set(reported) == {header.size_bytes}
    finally:
        model.close()
    with pytest.raises(ModelFault, match="choose the first"):
        kind_of(read_header(others[0]))
    others[1].unlink()
    with pytest.raises(ModelFault, match=r"large-00003-of-00003\.gguf is not beside it"):
        read_header(first)


def test_a_larger_gpt_oss_is_refused_where_it_does_not_fit(tiny_gpt_oss: Path) -> None:
    """gpt-oss-120b is handled like gpt-oss-20b: the plan works out from its header (63 GB of weights) what it needs."""
    header = read_header(tiny_gpt_oss)
    last = header.tensors[-1]
    weights = replace(last, offset=63 * 10**9)
    metadata = {
        **header.metadata,
        "general.name": "gpt oss 120b",
        "gpt-oss.block_count": 36,
        "gpt-oss.expert_count": 128,
    }
    larger = replace(header, metadata=metadata, tensors=(*header.tensors[:-1], weights), size_bytes=64 * 10**9)
    assert kind_of(larger) == "chat"
    with pytest.raises(ModelFault) as caught:
        plan_chat(larger, MACHINE)
    assert "needs at least" in str(caught.value)
    assert plan_chat(larger, Machine(96 * GIB, 90 * GIB, physical_cores=8), 96 * GIB).context_tokens >= 32_768
