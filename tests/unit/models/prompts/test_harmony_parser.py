"""Parsing what gpt-oss writes, random tokens included: no exception, no control token shown, no text lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import openai_harmony as harmony
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.conversation import AnswerDelta, ModelEvent, ReasoningDelta, ToolCall
from models.prompts.harmony_parser import HarmonyParser
from models.prompts.harmony_render import HarmonyFormat
from models.prompts.harmony_vocabulary import (
    CALL,
    CHANNEL,
    CONSTRAIN,
    END,
    ENDOFTEXT,
    MESSAGE,
    ORDINARY_TOKENS,
    RETURN,
    START,
    STARTOFTEXT,
    STOP_IDS,
)

CONTROLS = {
    "<|start|>": START,
    "<|channel|>": CHANNEL,
    "<|constrain|>": CONSTRAIN,
    "<|message|>": MESSAGE,
    "<|end|>": END,
    "<|call|>": CALL,
    "<|return|>": RETURN,
    "<|endoftext|>": ENDOFTEXT,
    "<|reserved|>": 200_500,
}
ANALYSIS, COMMENTARY, FINAL = (
    "<|channel|>analysis<|message|>",
    "<|channel|>commentary<|message|>",
    "<|channel|>final<|message|>",
)


@pytest.fixture(scope="session")
def harmony_format(tiny_gpt_oss: Path, tmp_path_factory: pytest.TempPathFactory) -> HarmonyFormat:
    return HarmonyFormat.from_gguf(tiny_gpt_oss, tmp_path_factory.mktemp("vocabulary"))


def ids(harmony_format: HarmonyFormat, written: str) -> list[int]:
    """The ids of `written`, which spells control tokens; `⟨|start|>` stands for the plain text `<|start|>`."""
    pieces = re.split("(" + "|".join(map(re.escape, CONTROLS)) + ")", written)
    return [
        i
        for piece in pieces
        for i in ([CONTROLS[piece]] if piece in CONTROLS else harmony_format.encode_text(piece.replace("⟨", "<")))
    ]


def read(parser: HarmonyParser, tokens: Iterable[int], *, finish: bool = True) -> tuple[str, str, list[ToolCall]]:
    """Feed the tokens; the reasoning, the answer and the calls of the events."""
    events: list[ModelEvent] = [event for token in tokens for event in parser.feed(token)]
    events += parser.finish() if finish else []
    return split(events)


def split(events: Sequence[ModelEvent]) -> tuple[str, str, list[ToolCall]]:
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    answer = "".join(event.text for event in events if isinstance(event, AnswerDelta))
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert len(events) == sum(isinstance(event, ReasoningDelta | AnswerDelta | ToolCall) for event in events)
    return reasoning, answer, calls


JSON = '{"query": "x"}'
WRITTEN = {
    "reasoning, then an answer": (
        f"{ANALYSIS}I think.<|end|><|start|>assistant{FINAL}So [1].<|return|>",
        "I think.",
        "So [1].",
    ),
    "an answer at once": (f"{FINAL}Yes.<|return|>", "", "Yes."),
    "reasoning alone": (f"{ANALYSIS}I think.<|end|>", "I think.", ""),
    "a preamble is reasoning": (
        f"{ANALYSIS}A.<|end|><|start|>assistant{COMMENTARY}I look.<|end|><|start|>assistant{FINAL}B.<|return|>",
        "A.\n\nI look.",
        "B.",
    ),
    "no end between messages": (f"{ANALYSIS}A.<|start|>assistant{FINAL}B.<|return|>", "A.", "B."),
    "no start between messages": (f"{ANALYSIS}A.<|end|>assistant{FINAL}B.<|return|>", "A.", "B."),
    "no end, no start": (f"{ANALYSIS}A.{FINAL}B.<|return|>", "A.", "B."),
    "two channels: the last wins": (f"<|channel|>analysis{FINAL}B.<|return|>", "", "B."),
    "no channel: the last recognised": (
        f"{ANALYSIS}A.<|end|><|start|>assistant<|message|>More.<|end|>",
        "A.\n\nMore.",
        "",
    ),
    "an unknown channel: the last recognised": (
        f"{ANALYSIS}A.<|end|><|start|>assistant<|channel|>answer<|message|>B.",
        "A.\n\nanswerB.",
        "",
    ),
    "a channel cut short": (f"{ANALYSIS}A.<|end|><|start|>assistant<|channel|>fin<|message|>B.", "A.\n\nB.", ""),
    "no header at all": ("The answer is 42.<|return|>", "", "The answer is 42."),
    "no message token": ("<|channel|>final The answer is 42.<|return|>", "", "The answer is 42."),
    "role and channel glued together": (
        "<|channel|>analysis<|message|>A.<|end|><|start|>assistantfinal<|message|>B.",
        "A.",
        "B.",
    ),
    "channel glued to the text": (
        "analysisWe need this.<|end|><|start|>assistantfinalDone.<|return|>",
        "We need this.",
        "Done.",
    ),
    "a content type on the answer": ("<|channel|>final <|constrain|>markdown<|message|>B.<|return|>", "", "B."),
    "a recipient that is a person": ("<|channel|>commentary to=user<|message|>Hi.<|end|>", "Hi.", ""),
    "the model plays the user": (f"{FINAL}A.<|end|><|start|>user<|message|>And B?<|end|>", "And B?", "A."),
    "the model plays a tool": (
        f"{FINAL}A.<|end|><|start|>functions.find to=assistant<|channel|>commentary<|message|>{JSON}<|end|>",
        JSON,
        "A.",
    ),
    "reserved tokens amid text": (f"{FINAL}A<|reserved|>B<|message|>C<|constrain|>D<|return|>", "", "ABCD"),
    "the text ends inside a header": (f"{ANALYSIS}A.<|end|><|start|>assistant", "A.", ""),
    "headers without messages": (
        f"<|start|><|end|><|start|>assistant<|end|><|channel|><|end|><|start|>assistant{FINAL}B.",
        "",
        "B.",
    ),
    "stray text between messages": (
        f"{ANALYSIS}A.<|end|> user friendly <|start|>assistant{FINAL}B.",
        "A.\n\nuser friendly",
        "B.",
    ),
    "two answers": (f"{FINAL}A.<|end|><|start|>assistant{FINAL}B.<|return|>", "", "A.\n\nB."),
    "control tokens spelled out stay text": (f"{FINAL}Say ⟨|start|>.<|return|>", "", "Say <|start|>."),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_completion_is_parsed_as(harmony_format: HarmonyFormat, name: str) -> None:
    written, reasoning, answer = WRITTEN[name]
    parser = harmony_format.parser()
    assert read(parser, ids(harmony_format, written)) == (reasoning, answer, [])
    assert parser.has_answer == bool(answer)


CALLS = {
    "as the format says": f"<|channel|>commentary to=functions.find <|constrain|>json<|message|>{JSON}<|call|>",
    "recipient in the role": f" to=functions.find<|channel|>commentary <|constrain|>json<|message|>{JSON}<|call|>",
    "json without its control token": f" to=functions.find<|channel|>commentary json<|message|>{JSON}<|call|>",
    "on the analysis channel": f"<|channel|>analysis to=functions.find code<|message|>{JSON}<|call|>",
    "without a channel": f" to=functions.find<|message|>{JSON}<|call|>",
    "ended like a message": f"<|channel|>commentary to=functions.find<|message|>{JSON}<|end|>",
    "ended by the end of the stream": f"<|channel|>commentary to=functions.find<|message|>{JSON}",
    "recipient and control token as text": f" to=functions.find⟨|channel|>commentary<|message|>{JSON}<|call|>",
    "no message token": f"<|channel|>commentary to=functions.find{JSON}<|call|>",
    "without its namespace": f"<|channel|>commentary to=find<|message|>{JSON}<|call|>",
    "a second channel": f"<|channel|>commentary to=functions.find<|channel|>commentary json<|message|>{JSON}<|call|>",
}


@pytest.mark.parametrize("name", CALLS)
def test_a_tool_is_called(harmony_format: HarmonyFormat, name: str) -> None:
    parser = harmony_format.parser()
    tokens = ids(harmony_format, CALLS[name])
    assert read(parser, tokens) == ("", "", [ToolCall("find", JSON)])
    assert parser.called_tool


def test_a_call_to_another_namespace_keeps_its_name(harmony_format: HarmonyFormat) -> None:
    written = f"<|channel|>commentary to=browser.search code<|message|>{JSON}<|call|>"
    assert read(harmony_format.parser(), ids(harmony_format, written)) == ("", "", [ToolCall("browser.search", JSON)])


def test_invalid_arguments_of_a_finished_call_are_passed_on(harmony_format: HarmonyFormat) -> None:
    written = "<|channel|>commentary to=functions.find<|message|>{query: <|call|>"
    assert read(harmony_format.parser(), ids(harmony_format, written)) == ("", "", [ToolCall("find", "{query: ")])


def test_an_unfinished_call_is_shown_as_reasoning(harmony_format: HarmonyFormat) -> None:
    parser = harmony_format.parser()
    written = '<|channel|>commentary to=functions.find<|message|>{"query": "so'
    assert read(parser, ids(harmony_format, written)) == ('{"query": "so', "", [])
    assert not parser.called_tool


def test_an_answer_addressed_to_a_tool_is_an_answer(harmony_format: HarmonyFormat) -> None:
    written = "<|channel|>final to=functions.find<|message|>Done.<|return|>"
    assert read(harmony_format.parser(), ids(harmony_format, written)) == ("", "Done.", [])


def test_text_is_emitted_as_soon_as_its_characters_are_complete(harmony_format: HarmonyFormat) -> None:
    parser = harmony_format.parser()
    read(parser, ids(harmony_format, FINAL), finish=False)
    astronaut = harmony_format.encode_text("👩🏽‍🚀")
    assert len(astronaut) > 3
    shown = [split(parser.feed(token))[1] for token in astronaut]
    assert "".join(shown) == "👩🏽‍🚀"
    assert "" in shown
    assert parser.finish() == []


def test_an_incomplete_character_at_the_end_is_marked(harmony_format: HarmonyFormat) -> None:
    incomplete = [*ids(harmony_format, f"{FINAL}A"), *harmony_format.encode_text("𓀀")[:-1]]
    assert read(harmony_format.parser(), incomplete) == ("", "A\ufffd", [])
    assert read(harmony_format.parser(), [*incomplete, RETURN]) == ("", "A\ufffd", [])


def test_long_tokens_are_emitted_whole(harmony_format: HarmonyFormat) -> None:
    long = max(range(ORDINARY_TOKENS), key=lambda token: len(harmony_format.token_bytes(token)))
    text = harmony_format.token_bytes(long).decode()
    assert len(text) == 128
    assert read(harmony_format.parser(), [*ids(harmony_format, FINAL), long]) == ("", text, [])


def test_parsing_continues_after_the_answer_is_forced(harmony_format: HarmonyFormat) -> None:
    parser = harmony_format.parser()
    read(parser, ids(harmony_format, f"{ANALYSIS}A long thought"), finish=False)
    assert not parser.answering
    read(parser, parser.answer_opening(), finish=False)
    assert parser.answering
    assert parser.answer_opening() == ()
    assert read(parser, ids(harmony_format, "Yes.<|return|>")) == ("", "Yes.", [])


FORCED = {
    "": "<|channel|>final<|message|>",
    "<|channel|>": "final<|message|>",
    "<|channel|>final": "<|message|>",
    "<|channel|>final<|message|>": "",
    "<|channel|>final<|message|>Yes": "",
    "<|channel|>analysis": "<|message|><|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>": "<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>Hm": "<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>Hm<|end|>": "<|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>Hm<|end|><|start|>": "assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>Hm<|end|><|start|>assistant": "<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>Hm<|return|>": "<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|message|>Hm<|end|><|return|>": "<|start|>assistant<|channel|>final<|message|>",
    "<|channel|>analysis<|endoftext|>": "<|message|><|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel|>final<|message|><|return|>": "<|end|><|start|>assistant<|channel|>final<|message|>",
    " to=functions.find<|channel|>commentary json<|message|>{": "<|end|><|start|>assistant<|channel|>final<|message|>",
}


@pytest.mark.parametrize("so_far", FORCED)
def test_the_answer_opening_adds_just_what_is_missing(harmony_format: HarmonyFormat, so_far: str) -> None:
    """Stop tokens are not decoded, so the opening comes in their place; the strict reference parser agrees."""
    parser = harmony_format.parser()
    tokens = ids(harmony_format, so_far)
    read(parser, tokens, finish=False)
    forced = parser.answer_opening()
    assert list(forced) == ids(harmony_format, FORCED[so_far])
    strict = harmony.StreamableParser(
        harmony.load_harmony_encoding(harmony.HarmonyEncodingName.HARMONY_GPT_OSS), harmony.Role.ASSISTANT
    )
    for token in (
        [token for token in tokens if token not in STOP_IDS] + list(forced) + harmony_format.encode_text("Yes")
    ):
        strict.process(token)
    assert (strict.current_channel, strict.current_recipient) == ("final", None)
    assert strict.current_content.endswith("Yes")


HEADER_WORDS = [
    "assistant",
    "user",
    "analysis",
    "commentary",
    "final",
    " to=",
    "functions",
    ".find",
    "json",
    " json",
    "to=functions.a",
]
MARKERS = [" elephant", " harbour", " violin", " copper", " Tuesday", " meadow", " castle", " lantern"]
control = st.sampled_from([*CONTROLS.values(), STARTOFTEXT, 200_004, 201_087, 201_088, -1, 1 << 40])


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.one_of(control, control, st.sampled_from(HEADER_WORDS), st.sampled_from(MARKERS)), max_size=60))
def test_no_text_is_lost_and_nothing_is_invented(harmony_format: HarmonyFormat, stream: list[int | str]) -> None:
    """In a random sequence of control tokens, header words and marker words, every marker is shown exactly as often as
    it occurs."""
    tokens = [
        token for item in stream for token in ([item] if isinstance(item, int) else harmony_format.encode_text(item))
    ]
    reasoning, answer, calls = read(harmony_format.parser(), tokens)
    shown = [reasoning, answer, *(call.name + " " + call.arguments for call in calls)]
    words = "|".join(marker.strip() for marker in MARKERS)
    assert sorted(re.findall(words, " ".join(shown))) == sorted(re.findall(words, " ".join(map(str, stream))))
    assert not any("<|" in text or "|>" in text for text in shown)


ordinary = st.integers(0, ORDINARY_TOKENS - 1)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.one_of(control, ordinary), max_size=60), st.booleans())
def test_random_tokens_raise_nothing_and_show_no_control_token(
    harmony_format: HarmonyFormat, tokens: list[int], force: bool
) -> None:
    plain = [token for token in tokens if not set(b"<|>") & set(harmony_format.token_bytes(token))]
    parser = harmony_format.parser()
    reasoning, answer, calls = read(parser, plain, finish=not force)
    if force:
        read(parser, parser.answer_opening(), finish=False)
        assert parser.answering or parser.has_answer
        if parser.answering:
            assert split(parser.feed(harmony_format.encode_text(" elephant")[0]))[1].endswith(" elephant")
    shown = reasoning + answer + "".join(call.name + call.arguments for call in calls)
    assert not set("<|>") & set(shown)


messages = st.lists(st.tuples(st.sampled_from(["analysis", "commentary", "final"]), st.text(min_size=1)), max_size=5)


@settings(max_examples=300, deadline=None)
@given(messages)
def test_a_well_formed_completion_is_parsed_exactly(
    harmony_format: HarmonyFormat, parts: list[tuple[str, str]]
) -> None:
    tokens: list[int] = []
    for channel, text in parts:
        tokens += (
            ids(harmony_format, f"<|start|>assistant<|channel|>{channel}<|message|>")
            + harmony_format.encode_text(text)
            + [END]
        )
    reasoning, answer, calls = read(harmony_format.parser(), tokens)
    assert reasoning == "\n\n".join(text for channel, text in parts if channel != "final")
    assert answer == "\n\n".join(text for channel, text in parts if channel == "final")
    assert not calls


mutation = st.tuples(st.sampled_from(["drop", "repeat", "swap", "insert"]), st.integers(0, 80), control)


@settings(max_examples=500, deadline=None)
@given(st.lists(mutation, max_size=6))
def test_mutated_completions_lose_no_word_of_text(
    harmony_format: HarmonyFormat, mutations: list[tuple[str, int, int]]
) -> None:
    written = (
        f"{ANALYSIS}The elephant thinks of copper.<|end|><|start|>assistant to=functions.find<|channel|>commentary "
        '<|constrain|>json<|message|>{"query": " violin"}<|call|><|start|>assistant'
        f"{FINAL}A castle with a lantern [1].<|return|>"
    )
    tokens = ids(harmony_format, written)
    for kind, at, token in mutations:
        at %= len(tokens)
        if kind == "insert":
            tokens.insert(at, token)
        elif tokens[at] >= ORDINARY_TOKENS and kind == "drop":
            del tokens[at]
        elif tokens[at] >= ORDINARY_TOKENS and kind == "swap":
            tokens[at] = token
        elif tokens[at] >= ORDINARY_TOKENS:
            tokens.insert(at, tokens[at])
    reasoning, answer, calls = read(harmony_format.parser(), tokens)
    shown = " ".join([reasoning, answer, *(call.arguments for call in calls)])
    for word in ("elephant", "copper", "violin", "castle", "lantern"):
        assert shown.count(word) == 1
