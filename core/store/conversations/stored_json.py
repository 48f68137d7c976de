"""JSON as it is stored in the database: letters as they are, and paths that are no Unicode too."""

from __future__ import annotations

import json
from typing import Any


def to_json(value: Any) -> str:
    """`value` as JSON text that SQLite takes. The bytes of a path that are no letters (`os.fsdecode` makes lone
    surrogates of them) have no place in UTF-8, so a value with such a path is written in escapes throughout."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text
