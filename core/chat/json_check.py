"""Whether JSON follows a schema: the part of JSON Schema that answers are asked for with, checked without a library.

Constrained decoding promises the same, but not every keyword can be put into a grammar, and a cut answer is none.
"""

from __future__ import annotations

import math
import re
from typing import Any

from core.chat.schema_check import DEEPEST, KINDS, referred


class MismatchError(ValueError):
    """The text says where and why, in English: `$.rows[2].amount is no number`."""


def check(value: Any, schema: Any) -> None:
    """Raise `MismatchError` if `value` does not follow `schema`, which has passed `require_schema`."""
    _Check(schema).run(value, schema, "$", 0)


class _Check:
    def __init__(self, root: Any) -> None:
        self._root = root

    def run(self, value: Any, schema: Any, place: str, depth: int) -> None:
        if depth > DEEPEST:
            raise MismatchError(f"{place} is nested too deeply")
        if isinstance(schema, bool):
            if not schema:
                raise MismatchError(f"{place} must not be there")
            return
        if "$ref" in schema:
            self.run(value, referred(self._root, schema["$ref"]), place, depth + 1)
        self._kind(value, schema, place)
        self._choices(value, schema, place, depth)
        if isinstance(value, dict):
            self._object(value, schema, place, depth)
        elif isinstance(value, list):
            self._array(value, schema, place, depth)
        elif isinstance(value, str):
            _string(value, schema, place)
        elif _is_number(value):
            _number(value, schema, place)

    def _kind(self, value: Any, schema: dict[str, Any], place: str) -> None:
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(_is_of(value, kind) for kind in kinds):
            raise MismatchError(f"{place} is no {' or '.join(kinds)}")

    def _choices(self, value: Any, schema: dict[str, Any], place: str, depth: int) -> None:
        if "const" in schema and value != schema["const"]:
            raise MismatchError(f"{place} is not {schema['const']!r}")
        if "enum" in schema and value not in schema["enum"]:
            raise MismatchError(f"{place} is none of the values allowed")
        for one in schema.get("allOf", ()):
            self.run(value, one, place, depth + 1)
        if "anyOf" in schema and not self._count(value, schema["anyOf"], place, depth):
            raise MismatchError(f"{place} follows no alternative")
        if "oneOf" in schema and self._count(value, schema["oneOf"], place, depth) != 1:
            raise MismatchError(f"{place} does not follow exactly one alternative")

    def _count(self, value: Any, schemas: list[Any], place: str, depth: int) -> int:
        found = 0
        for schema in schemas:
            try:
                self.run(value, schema, place, depth + 1)
            except MismatchError:
                continue
            found += 1
        return found

    def _object(self, value: dict[str, Any], schema: dict[str, Any], place: str, depth: int) -> None:
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        for name in schema.get("required", ()):
            if name not in value:
                raise MismatchError(f"{place}.{name} is missing")
        for name, one in value.items():
            if name in known or others is not False:
                self.run(one, known.get(name, others), f"{place}.{name}", depth + 1)
            else:
                raise MismatchError(f"{place}.{name} is not asked for")

    def _array(self, value: list[Any], schema: dict[str, Any], place: str, depth: int) -> None:
        _length(len(value), schema, "Items", place)
        if schema.get("uniqueItems") and any(one in value[:i] for i, one in enumerate(value)):
            raise MismatchError(f"{place} holds an item twice")
        first = schema.get("prefixItems", [])
        for i, one in enumerate(value):
            self.run(one, first[i] if i < len(first) else schema.get("items", True), f"{place}[{i}]", depth + 1)


def _is_of(value: Any, kind: str) -> bool:
    if kind == "integer":
        return _is_number(value) and math.isfinite(value) and value == int(value)
    if kind == "number":
        return _is_number(value) and math.isfinite(value)
    return isinstance(value, KINDS.get(kind, ()))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _string(value: str, schema: dict[str, Any], place: str) -> None:
    _length(len(value), schema, "Length", place)
    if "pattern" in schema and not re.search(schema["pattern"], value):
        raise MismatchError(f"{place} does not have the form asked for")


def _number(value: float, schema: dict[str, Any], place: str) -> None:
    low, high = schema.get("minimum"), schema.get("maximum")
    over, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if (low is not None and value < low) or (over is not None and value <= over):
        raise MismatchError(f"{place} is too small")
    if (high is not None and value > high) or (under is not None and value >= under):
        raise MismatchError(f"{place} is too large")
    if "multipleOf" in schema and value % schema["multipleOf"]:
        raise MismatchError(f"{place} is no multiple of {schema['multipleOf']}")


def _length(length: int, schema: dict[str, Any], of: str, place: str) -> None:
    if length < schema.get(f"min{of}", 0) or length > schema.get(f"max{of}", length):
        raise MismatchError(f"{place} is too short or too long")
