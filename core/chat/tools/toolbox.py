"""Typed Python functions offered to the model: their declarations, the check of its arguments, their results.

A function becomes a tool by its signature and docstring: parameters are `str`, `int`, `float`, `bool`, a `Literal` of
strings or a `list[str]`, optionally `Annotated` with a description; it returns the text the model is given.
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

MAX_RESULT_CHARS = 6000  # of a result, given to the model; a longer one is cut and says so
TYPE_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


class ArgumentError(ValueError):
    """The model's arguments do not fit; the text is what it is told."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A call that was answered: `arguments` as JSON text as they were understood, `text` what the model was given, less
    `cut_chars` that were left out; `ok` is False if the call was refused or failed."""

    name: str
    arguments: str
    text: str
    ok: bool
    cut_chars: int = 0


@dataclass(frozen=True, slots=True)
class _Tool:
    function: Callable[..., str]
    spec: ToolSpec
    schemas: Mapping[str, Mapping[str, Any]]
    required: frozenset[str]


class Toolbox:
    """The functions a conversation may call. Not bound to a thread; a call runs on the caller's."""

    def __init__(self, functions: Sequence[Callable[..., str]]) -> None:
        self._tools = {function.__name__: _declare(function) for function in functions}

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told of the tools."""
        return tuple(tool.spec for tool in self._tools.values())

    def run(self, call: ToolCall) -> ToolResult:
        """Check the arguments and call the function. Never raises for what the model did wrong: it is told instead."""
        name = call.name.removeprefix("functions.")
        tool = self._tools.get(name)
        if tool is None:
            return ToolResult(name, call.arguments, f"error: there is no tool {name!r}", ok=False)
        try:
            arguments = _checked(tool, call.arguments)
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


def _declare(function: Callable[..., str]) -> _Tool:
    hints = typing.get_type_hints(function, include_extras=True)
    schemas: dict[str, dict[str, Any]] = {}
    required = []
    for name, parameter in inspect.signature(function).parameters.items():
        schema = _schema(hints[name])
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
        elif parameter.default is not None:
            schema["default"] = parameter.default
        schemas[name] = schema
    parameters = {"type": "object", "properties": schemas, "required": required}
    spec = ToolSpec(function.__name__, inspect.cleandoc(function.__doc__ or ""), json.dumps(parameters))
    return _Tool(function, spec, schemas, frozenset(required))


def _schema(hint: Any) -> dict[str, Any]:
    """JSON schema of one parameter; TypeError for a type that tools do not take (a bug of ours)."""
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


def _checked(tool: _Tool, text: str) -> dict[str, Any]:
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
    return {name: _fitted(name, value, tool.schemas[name]) for name, value in given.items()}


def _fitted(name: str, value: Any, schema: Mapping[str, Any]) -> Any:
    """`value` if it is of the schema's type; what means the same in another type ("3" for 3) is taken too."""
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
            pass  # said below, as for any other value of the wrong type
    raise ArgumentError(f"argument {name!r} must be of type {kind}")
