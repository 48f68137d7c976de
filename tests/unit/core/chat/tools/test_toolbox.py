"""Tools declared from typed functions: arguments are checked and converted, and no call of a model raises."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat.tools.toolbox import MAX_RESULT_CHARS, Toolbox, tool_spec
from models.conversation import ToolCall


def weather(
    city: Annotated[str, "Name of a city"], days: int = 1, unit: Literal["c", "f"] = "c", tags: list[str] | None = None
) -> str:
    """The weather of a city."""
    return f"{city}/{days}/{unit}/{tags}"


TOOLBOX = Toolbox([weather])


def run(arguments: str, name: str = "functions.weather") -> str:
    return TOOLBOX.run(ToolCall(name, arguments)).text


def test_a_function_is_declared_by_its_signature() -> None:
    spec = tool_spec(weather)
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


def test_an_unbound_method_is_declared_without_self() -> None:
    class Station:
        def wind(self, knots: int) -> str:
            """The wind."""
            return f"{knots}"

    assert json.loads(tool_spec(Station.wind).parameters)["properties"] == {"knots": {"type": "integer"}}


def test_arguments_are_converted_and_passed_on() -> None:
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
def test_the_result_says_which_argument_is_wrong(arguments: str, words: str) -> None:
    result = TOOLBOX.run(ToolCall("weather", arguments))
    assert not result.ok and words in result.text


def test_an_unknown_tool_is_refused() -> None:
    assert "no tool 'shell'" in run("{}", name="functions.shell")


def test_a_long_result_is_cut_and_says_so() -> None:
    def long() -> str:
        """Much."""
        return "x" * (MAX_RESULT_CHARS + 7)

    assert Toolbox([long]).run(ToolCall("long", "")).text.endswith("7 more characters)")


@given(st.text())
def test_no_arguments_raise(arguments: str) -> None:
    assert TOOLBOX.run(ToolCall("weather", arguments)).text
