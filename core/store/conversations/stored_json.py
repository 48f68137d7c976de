"""JSON as stored in the database: readable letters, and paths that are not valid Unicode."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any) -> str:
    """`value` as JSON text that SQLite accepts. Bytes of a path that are not letters (lone surrogates from
    `os.fsdecode`) do not exist in UTF-8, so a value with such a path is escaped throughout."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text
