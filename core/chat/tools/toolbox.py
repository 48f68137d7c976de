"""Offers typed Python functions to the model as tools: declares them, checks the arguments and calls them.

A function is declared by its signature and docstring. Parameters are `str`, `int`, `float`, `bool`, a `Literal` of
strings or a `list[str]`, optionally `Annotated` with a description. It returns the text that the model is given.
"""

from __future__ import annotations

import inspect
import json
import logging
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models.conversation import ToolCall, ToolSpec
from models.faults import Fault

log = logging.getLogger(__name__)

MAX_RESULT_CHARS = 6000  # a longer result is cut, and ends by saying so
TYPE_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


class ArgumentError(ValueError):
    """The model's arguments are unusable. The text is given to the model as the result."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The outcome of a call. `arguments` is JSON text of the arguments as they were understood; `text` is for the
    model, without the last `cut_chars` characters of the result. `ok` is False if the call was refused or failed."""

    name: str
    arguments: str
    text: str
    ok: bool
    cut_chars: int = 0


@dataclass(frozen=True, slots=True)
class _Tool:
    """A function with the JSON schemas of its parameters, by name."""

    function: Callable[..., str]
    schemas: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]


class Toolbox:
    """The functions that a model may call. They run on the thread that calls `run`, which may be any."""

    def __init__(self, functions: Sequence[Callable[..., str]]) -> None:
        self._tools: dict[str, _Tool] = {}
        for function in functions:
            schemas, required = _parameters(function)
            self._tools[function.__name__] = _Tool(function, schemas, frozenset(required))

    def run(self, call: ToolCall) -> ToolResult:
        """Check the arguments and call the function. Mistakes of the model raise nothing: the result tells it of
        them."""
        name = call.name.removeprefix("functions.")
        tool = self._tools.get(name)
        if tool is None:
            return ToolResult(name, call.arguments, f"error: there is no tool {name!r}", ok=False)
        try:
            arguments = _parse_arguments(tool, call.arguments)
        except ArgumentError as error:
            return ToolResult(name, call.arguments, f"error: {error}", ok=False)
        shown = json.dumps(arguments, ensure_ascii=False)
        try:
            text = tool.function(**arguments)
        except Fault as fault:
            return ToolResult(name, shown, f"error: {fault}", ok=False)
        except ArgumentError as error:
            return ToolResult(name, shown, f"error: {error}", ok=False)
        log.info("tool %s answered with %d characters", name, len(text))
        cut_chars = max(0, len(text) - MAX_RESULT_CHARS)
        if cut_chars:
            text = text[:MAX_RESULT_CHARS] + f"\n(cut here: {cut_chars} more characters)"
        return ToolResult(name, shown, text, ok=True, cut_chars=cut_chars)


def tool_spec(function: Callable[..., str]) -> ToolSpec:
    """Return the declaration of `function` for the model. It may be an unbound method."""
    schemas, required = _parameters(function)
    parameters = {"type": "object", "properties": schemas, "required": required}
    return ToolSpec(function.__name__, inspect.cleandoc(function.__doc__ or ""), json.dumps(parameters))


def _parameters(function: Callable[..., str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the JSON schema of each parameter, and the names of those without a default."""
    hints = typing.get_type_hints(function, include_extras=True)
    schemas: dict[str, dict[str, Any]] = {}
    required = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self":
            continue
        schema = _schema(hints[name])
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
        elif parameter.default is not None:
            schema["default"] = parameter.default
        schemas[name] = schema
    return schemas, required


def _schema(hint: Any) -> dict[str, Any]:
    """Return the JSON schema of a parameter's type. Raises TypeError for a type that no tool may have."""
    description = ""
    if typing.get_origin(hint) is typing.Annotated:
        hint, description = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = [part for part in typing.get_args(hint) if part is not types.NoneType]
    if typing.get_origin(hint) is Literal:
        schema: dict[str, Any] = {"type": "string", "enum": list(typing.get_args(hint))}
    elif typing.get_origin(hint) is list and typing.get_args(hint) == (str,):
        schema = {"type": "array", "items": {"type": "string"}}
    elif hint in TYPE_NAMES:
        schema = {"type": TYPE_NAMES[hint]}
    else:
        raise TypeError(f"no tool parameter can be {hint!r}")
    return schema | ({"description": description} if description else {})


def _parse_arguments(tool: _Tool, text: str) -> dict[str, Any]:
    """Return the arguments in `text`, JSON that the model wrote, as the function takes them. Raises `ArgumentError`."""
    try:
        given = json.loads(text.strip() or "{}")
    except (ValueError, RecursionError):
        raise ArgumentError("the arguments are not valid JSON") from None
    if not isinstance(given, dict):
        raise ArgumentError("the arguments must be one JSON object")
    if unknown := [name for name in given if name not in tool.schemas]:
        raise ArgumentError(f"unknown argument {unknown[0]!r}; known: {', '.join(tool.schemas)}")
    given = {name: value for name, value in given.items() if value is not None}
    if missing := sorted(tool.required - given.keys()):
        raise ArgumentError(f"argument {missing[0]!r} is missing")
    return {name: _converted(name, value, tool.schemas[name]) for name, value in given.items()}


def _converted(name: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """Return `value` in the schema's type; numbers may be written as strings ("3" for 3). Raises `ArgumentError`."""
    kind = schema["type"]
    if kind == "string" and isinstance(value, str):
        if "enum" in schema and value not in schema["enum"]:
            raise ArgumentError(f"argument {name!r} must be one of {', '.join(schema['enum'])}")
        return value
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "array" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    if kind in ("integer", "number") and not isinstance(value, bool) and isinstance(value, int | float | str):
        try:
            number = float(value)
            if kind == "number":
                return number
            if number == int(number):
                return int(number)
        except (ValueError, OverflowError):
            pass  # raised below, as for any other value of the wrong type
    raise ArgumentError(f"argument {name!r} must be of type {kind}")
