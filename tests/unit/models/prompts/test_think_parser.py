"""A completion with think tags is parsed into reasoning, answer and tool calls, wherever its tokens are cut."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.conversation import AnswerDelta, ModelEvent, ReasoningDelta, ToolCall
from models.prompts.think_parser import REASONING_TAGS, TOOL_TAGS, ReasoningMarkup, ThinkParser, parse_tool_calls

STYLE = ReasoningMarkup(REASONING_TAGS[0], end_tokens=(1,), skip_tokens=(2,))
CALL = '<tool_call>\n{"name": "search", "arguments": {"query": "rent"}}\n</tool_call>'


def parsed(pieces: Sequence[bytes], *, opens: bool = False, ends: bool = False) -> tuple[ThinkParser, list[ModelEvent]]:
    """A parser that was fed `pieces` as tokens, and its events."""
    parser = ThinkParser(pieces.__getitem__, STYLE, opens_reasoning=opens, ends_reasoning=ends, offers_tools=True)
    events = [event for token in range(len(pieces)) for event in parser.feed(token)]
    return parser, events + parser.finish()


def read(events: list[ModelEvent]) -> tuple[str, str, list[ToolCall]]:
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    answer = "".join(event.text for event in events if isinstance(event, AnswerDelta))
    return reasoning, answer, [event for event in events if isinstance(event, ToolCall)]


SEARCH = ToolCall("search", '{"query": "rent"}')
COMPLETIONS: dict[str, tuple[str, tuple[str, str, list[ToolCall]]]] = {
    "an answer": ("Hello.", ("", "Hello.", [])),
    "reasoning and answer": ("<think>\nHm.\n\nWell.\n</think>\n\nYes.", ("Hm.\n\nWell.", "Yes.", [])),
    "no reasoning": ("<think>\n\n</think>\n\nYes.", ("", "Yes.", [])),
    "reasoning without a closing tag": ("<think>Hm.", ("Hm.", "", [])),
    "a closing tag alone": ("</think>Yes.", ("", "Yes.", [])),
    "two opening tags": ("<think><think>Hm.</think>Yes.", ("Hm.", "Yes.", [])),
    "two closing tags": ("<think>Hm.</think>Yes.</think> No.", ("Hm.", "Yes.  No.", [])),
    "a tag in an answer": ("The tag <think> means it.", ("", "The tag   means it.", [])),
    "reasoning again": ("<think>Hm.</think>Yes.\n<think>Wait.</think>No.", ("Hm.\n\nWait.", "Yes.\n\nNo.", [])),
    "what only looks like a tag": ("1 < 2, a <thing>, </them>, <thin", ("", "1 < 2, a <thing>, </them>, <thin", [])),
    "a call": (CALL, ("", "", [SEARCH])),
    "a call after reasoning": (f"<think>Hm.</think>\n{CALL}", ("Hm.", "", [SEARCH])),
    "a call within reasoning": (f"<think>Hm.\n{CALL}", ("Hm.", "", [SEARCH])),
    "two calls": (f"Look.\n{CALL}\n{CALL}", ("", "Look.", [SEARCH, SEARCH])),
    "a call without its closing tag": (CALL.removesuffix("\n</tool_call>"), ("", "", [SEARCH])),
    "a call cut off": (CALL[:40], ("", CALL[12:40], [])),
    "a call that is none": ("<tool_call>search!</tool_call>Yes.", ("", "search!\n\nYes.", [])),
    "a tag in a call": (
        '<tool_call>{"name": "search", "arguments": {"query": "<think>"}}</tool_call>',
        ("", "", [ToolCall("search", '{"query": "<think>"}')]),
    ),
    "characters of several bytes": ("<think>é😀</think>数", ("é😀", "数", [])),
}


@pytest.mark.parametrize("name", COMPLETIONS)
@pytest.mark.parametrize("size", (1, 3, 1000))
def test_a_completion_is_parsed_as(name: str, size: int) -> None:
    text, expected = COMPLETIONS[name]
    raw = text.encode()
    _, events = parsed([raw[at : at + size] for at in range(0, len(raw), size)])
    assert read(events) == expected


def test_a_prompt_may_have_opened_the_reasoning() -> None:
    assert read(parsed([b"Hm.", b"</think>", b"Yes."], opens=True)[1]) == ("Hm.", "Yes.", [])


def test_a_prompt_may_have_ended_the_reasoning() -> None:
    parser, events = parsed([b"Yes."], ends=True)
    assert read(events) == ("", "Yes.", [])
    assert parser.answer_opening() == ()


def test_text_is_emitted_as_soon_as_it_cannot_become_a_tag() -> None:
    parser = ThinkParser([b"a <", b"b", b" </", b"th"].__getitem__, STYLE)
    assert [parser.feed(token) for token in range(4)] == [
        [AnswerDelta("a")],
        [AnswerDelta(" <b")],
        [],
        [],
    ]
    assert parser.finish() == [AnswerDelta(" </th")]


def test_an_incomplete_character_at_the_end_is_marked() -> None:
    assert read(parsed(["é".encode()[:1]])[1])[1] == "\ufffd"


def test_the_answer_can_be_forced_where_it_has_not_begun() -> None:
    assert parsed([])[0].answer_opening() == STYLE.skip_tokens
    assert parsed([b"<think>"])[0].answer_opening() == STYLE.end_tokens
    assert parsed([b"<think>Hm.</think>"])[0].answer_opening() == ()
    assert parsed([b"Yes"])[0].answer_opening() == ()
    parser = ThinkParser([b"<think>Hm.<tool_call>"].__getitem__, STYLE, offers_tools=True)
    parser.feed(0)
    assert parser.answer_opening() == ()


def test_the_parser_says_what_is_being_written() -> None:
    parser, _ = parsed([b"<think>Hm."])
    assert (parser.answering, parser.has_answer, parser.called_tool) == (False, False, False)
    parser, _ = parsed([b"<think>Hm.</think>"])
    assert (parser.answering, parser.has_answer) == (True, False)
    parser, _ = parsed([b"Yes.", CALL.encode()])
    assert (parser.has_answer, parser.called_tool) == (True, True)


def test_without_offered_tools_a_call_is_text() -> None:
    parser = ThinkParser([CALL.encode()].__getitem__, STYLE)
    assert read(parser.feed(0) + parser.finish())[1:] == (CALL, [])


@pytest.mark.parametrize(
    ("text", "arguments"),
    (
        ('{"name": "a", "parameters": {"x": 1}}', ['{"x": 1}']),
        ('{"function": {"name": "a", "arguments": "{}"}}', ["{}"]),
        ('[{"name": "a"}, {"name": "b", "arguments": null}]', ["{}", "null"]),
        ("[" * 100_000, []),
        ('{"name": 3}', []),
        ('[{"name": "a"}, 5]', []),
        ("7", []),
    ),
)
def test_tool_calls_are_parsed(text: str, arguments: list[str]) -> None:
    assert [call.arguments for call in parse_tool_calls(text)] == arguments


PIECES = st.one_of(
    st.sampled_from([tag for tags in (*REASONING_TAGS[:1], TOOL_TAGS) for tag in (tags.opening, tags.closing)]),
    st.sampled_from([CALL, "<thi", "nk>", "<", "/", "</", "th", ">", "tool_call>", "\n", " ", '{"name": "a"}', "é😀"]),
    st.text(max_size=5),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=12), st.sampled_from(["", "opens", "ends"]), st.integers(1, 7))
@example(["<thi", "<think>", "nk>"], "ends", 3)
@example(["<tool_call>", "<thi", "</think>", "nk>", "</tool_call>"], "", 1)
def test_no_tag_is_shown_and_no_text_is_lost(pieces: list[str], prompt: str, size: int) -> None:
    written = "".join(pieces)
    raw = written.encode("utf-8", "replace")
    tokens = [raw[at : at + size] for at in range(0, len(raw), size)]
    parser, events = parsed(tokens, opens=prompt == "opens", ends=prompt == "ends")
    reasoning, answer, calls = read(events)
    for tags in (REASONING_TAGS[0], TOOL_TAGS):
        for tag in (tags.opening, tags.closing):
            assert tag not in reasoning
            assert tag not in answer
    assert parser.has_answer == bool(answer)
    assert parser.called_tool == bool(calls)
    if not calls:
        shown = reasoning + answer
        assert sorted(without_space(without_tags(raw.decode()))) == sorted(without_space(shown))


def without_tags(text: str) -> str:
    for tags in (REASONING_TAGS[0], TOOL_TAGS):
        text = text.replace(tags.opening, " ").replace(tags.closing, " ")
    return text


def without_space(text: str) -> str:
    """`text` without white space, which around tags is dropped."""
    return "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=6), max_size=20))
def test_no_bytes_break_the_parser(pieces: list[bytes]) -> None:
    for event in parsed(pieces)[1]:
        if isinstance(event, ToolCall):
            json.loads(event.arguments)
