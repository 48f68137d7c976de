"""Tools: declared from typed functions, called with what the model wrote, and never thrown by it."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.tools.toolbox import MAX_RESULT_CHARS, Toolbox
from models.conversation import ToolCall


def weather(
    city: Annotated[str, "Name of a city"], days: int = 1, unit: Literal["c", "f"] = "c", tags: list[str] | None = None
) -> str:
    """The weather of a city."""
    return f"{city}/{days}/{unit}/{tags}"


BOX = Toolbox([weather])


def run(arguments: str, name: str = "functions.weather") -> str:
    return BOX.run(ToolCall(name, arguments)).text


def test_a_function_is_declared_by_its_signature() -> None:
    (spec,) = BOX.specs
    assert (spec.name, spec.description) == ("weather", "The weather of a city.")
    assert json.loads(spec.parameters) == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Name of a city"},
            "days": {"type": "integer", "default": 1},
            "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["city"],
    }


def test_arguments_reach_the_function() -> None:
    assert run('{"city": "Faro", "days": "3", "unit": "f", "tags": ["a"]}') == "Faro/3/f/['a']"
    assert run('{"city": "Faro", "days": null}') == "Faro/1/c/None"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("{", "not valid JSON"),
        ("[1]", "one JSON object"),
        ("{}", "'city' is missing"),
        ('{"city": null}', "'city' is missing"),
        ('{"city": 3}', "'city' must be of type string"),
        ('{"city": "x", "days": 1.5}', "'days' must be of type integer"),
        ('{"city": "x", "days": true}', "'days' must be of type integer"),
        ('{"city": "x", "unit": "k"}', "one of c, f"),
        ('{"city": "x", "when": 1}', "unknown argument 'when'"),
    ],
)
def test_what_does_not_fit_is_said_to_the_model(arguments: str, words: str) -> None:
    result = BOX.run(ToolCall("weather", arguments))
    assert not result.ok and words in result.text


def test_an_unknown_tool_is_refused() -> None:
    assert "no tool 'shell'" in run("{}", name="functions.shell")


def test_a_long_result_is_cut_and_says_so() -> None:
    def long() -> str:
        """Much."""
        return "x" * (MAX_RESULT_CHARS + 7)

    assert Toolbox([long]).run(ToolCall("long", "")).text.endswith("7 more characters)")


@given(st.text())
def test_no_text_of_the_model_raises(arguments: str) -> None:
    assert BOX.run(ToolCall("weather", arguments)).text
