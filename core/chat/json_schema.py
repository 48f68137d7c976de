"""Whether a JSON schema can be asked with, and whether JSON follows it: by jsonschema, which is kept off the network.

Constrained decoding promises that it does, but not every keyword can be put into a grammar, and a cut answer is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

MAX_DEPTH = 40


class SchemaError(ValueError):
    """The text says where and what is wrong, in English: `$.properties.rent: 'string' is not of type 'object'`."""


class MismatchError(ValueError):
    """As `SchemaError`, of a value."""


def require_schema(schema: Any) -> None:
    """Raise `SchemaError` unless an answer can be asked for by `schema`."""
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
    """For the dialect that `schema` names, the latest if it names none. It fetches nothing: without a registry of its
    own, jsonschema would open whatever address a `$ref` names."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from referencing import Registry

    kind = validator_for(schema, default=Draft202012Validator)
    return kind(schema, registry=Registry())


def _require_references(schema: Any) -> None:
    """Each `$ref` names something within the schema, and none leads to itself and nowhere else."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for one in _schemas_in(schema, MAX_DEPTH):
        passed: set[str] = set()
        found: Any = one
        while isinstance(found, dict) and isinstance(reference := found.get("$ref"), str):
            if reference in passed:
                raise SchemaError(f"$ref {reference!r} refers to itself")
            passed.add(reference)
            try:
                found = resolver.lookup(reference).contents
            except Unresolvable as error:
                raise SchemaError(f"$ref {reference!r} names nothing in the schema") from error


def _schemas_in(schema: Any, deepest: int) -> Iterator[dict[str, Any]]:
    """Every object within `schema`, each of which may be one."""
    if not deepest:
        raise SchemaError("it is nested too deeply")
    if isinstance(schema, dict):
        if schema.get("enum") == []:
            raise SchemaError("an enum allows no value")
        yield schema
    inside = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for one in inside:
        yield from _schemas_in(one, deepest - 1)
