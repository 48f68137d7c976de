"""Whether a JSON schema can be followed and checked at all: told before anything is asked by it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}
"""The types of JSON but its two kinds of numbers."""
NUMBERS = ("integer", "number")
DEEPEST = 40


class SchemaError(ValueError):
    """The text says where and what is wrong, in English: `$.properties.rent is no schema`."""


def require_schema(schema: Any) -> None:
    """Raise `SchemaError` unless every part of `schema` that is understood has the form it must have."""
    _Walk(schema).schema(schema, "$", 0)


def referred(root: Any, reference: Any) -> Any:
    """What `reference` ("#/$defs/row") names in the schema `root`. Raises `SchemaError` if there is none."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise SchemaError(f"$ref {reference!r} does not begin with #")
    found = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if part and not (isinstance(found, dict) and name in found):
            raise SchemaError(f"$ref {reference!r} names nothing")
        found = found[name] if part else found
    return found


class _Walk:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._seen: set[str] = set()

    def schema(self, schema: Any, place: str, depth: int) -> None:
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict):
            raise SchemaError(f"{place} is no schema")
        if depth > DEEPEST:
            raise SchemaError(f"{place} is nested too deeply")
        self._reference(schema, place)
        for words, check in _FORMS.items():
            for word in words.split():
                if word in schema and not check(schema[word]):
                    raise SchemaError(f"{place}.{word} is not what it must be")
        for name, one in schema.get("properties", {}).items():
            self.schema(one, f"{place}.properties.{name}", depth + 1)
        for word in ("allOf", "anyOf", "oneOf", "prefixItems"):
            for n, one in enumerate(schema.get(word, ())):
                self.schema(one, f"{place}.{word}[{n}]", depth + 1)
        for word in ("items", "additionalProperties"):
            self.schema(schema.get(word, True), f"{place}.{word}", depth + 1)

    def _reference(self, schema: dict[str, Any], place: str) -> None:
        """Each is gone through once; those that lead to one another and nowhere else hold no value."""
        passed: set[str] = set()
        found: Any = schema
        while isinstance(found, dict) and "$ref" in found:
            reference = found["$ref"]
            found = referred(self._root, reference)
            if reference in passed:
                raise SchemaError(f"{place}: $ref {reference!r} refers to itself")
            passed.add(reference)
        for reference in passed - self._seen:
            self._seen.add(reference)
            self.schema(referred(self._root, reference), reference, 0)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_kind(value: Any) -> bool:
    kinds = [value] if isinstance(value, str) else value
    return _is_texts(kinds) and kinds != [] and all(kind in KINDS or kind in NUMBERS for kind in kinds)


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError, RecursionError, OverflowError):
        return False
    return isinstance(value, str)


_FORMS: dict[str, Callable[[Any], bool]] = {
    "type": _is_kind,
    "properties": lambda value: isinstance(value, dict),
    "required": _is_texts,
    "enum allOf anyOf oneOf": lambda value: isinstance(value, list) and bool(value),
    "prefixItems": lambda value: isinstance(value, list),
    "minLength maxLength minItems maxItems": _is_count,
    "minimum maximum exclusiveMinimum exclusiveMaximum": _is_number,
    "multipleOf": lambda value: _is_number(value) and value > 0,
    "pattern": _is_pattern,
}
