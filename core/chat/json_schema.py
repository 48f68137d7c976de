"""Checks JSON schemas, and JSON against them, with jsonschema, which is kept from opening addresses.

Constrained decoding alone does not ensure that an answer follows its schema: a grammar cannot express every keyword,
and an answer may be cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_DEPTH = 40


class SchemaError(ValueError):
    """An unusable schema. The text says where and why, in English: `$.properties.rent: 'string' is not of type
    'object'`."""


class MismatchError(ValueError):
    """A value that does not follow its schema. The text is like that of `SchemaError`."""


def require_schema(schema: Any) -> None:
    """Raise `SchemaError` unless `schema` is valid and complete in itself."""
    import jsonschema

    try:
        _validator(schema).check_schema(schema)
    except jsonschema.SchemaError as error:
        raise SchemaError(f"{error.json_path}: {error.message}") from error
    _require_references(schema)


def validate(value: Any, schema: Any) -> None:
    """Raise `MismatchError` if `value` does not follow `schema`, which has passed `require_schema`."""
    from jsonschema.exceptions import best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_validator(schema).iter_errors(value))
    except RecursionError as endless:
        raise MismatchError("$ is nested too deeply") from endless
    except Unresolvable as elsewhere:
        raise MismatchError("the schema refers to what is not in it") from elsewhere
    if error is not None:
        raise MismatchError(f"{error.json_path}: {error.message}")


def _validator(schema: Any) -> Validator:
    """Return a validator for the dialect that `schema` names, by default the latest. The empty registry is there
    because jsonschema would otherwise open any address that a `$ref` names."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft202012Validator)
    return kind(schema, registry=Registry())


def _require_references(schema: Any) -> None:
    """Raise `SchemaError` for a `$ref` that names nothing in the schema, and for a chain of them that never ends."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for subschema in _subschemas(schema, MAX_DEPTH):
        followed: set[str] = set()
        target: Any = subschema
        while isinstance(target, dict) and isinstance(reference := target.get("$ref"), str):
            if reference in followed:
                raise SchemaError(f"$ref {reference!r} refers to itself")
            followed.add(reference)
            try:
                target = resolver.lookup(reference).contents
            except Unresolvable as error:
                raise SchemaError(f"$ref {reference!r} names nothing in the schema") from error


def _subschemas(schema: Any, max_depth: int) -> Iterator[dict[str, Any]]:
    """Yield `schema` and every object in it: each may be a schema."""
    if not max_depth:
        raise SchemaError("it is nested too deeply")
    if isinstance(schema, dict):
        if schema.get("enum") == []:
            raise SchemaError("an enum allows no value")
        yield schema
    inside = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for item in inside:
        yield from _subschemas(item, max_depth - 1)
