"""What a tiny random gpt-oss is made to say: GBNF grammars that name every token by id, harmony's control tokens too.

Text is cut into the longest tokens there are: each token that is chosen under a grammar costs a look at the whole
vocabulary, so few long ones are quicker than the letters that random weights would choose.
"""

from __future__ import annotations

import functools
import json

from tests.support import gguf_models

CHANNEL, START, END, MESSAGE = 200005, 200006, 200007, 200008


def _token(token_id: int) -> str:
    return f"<[{token_id}]>"


@functools.cache
def _ids() -> dict[bytes, int]:
    return {token: token_id for token_id, token in enumerate(gguf_models.read_vocabulary())}


def _said(text: str) -> str:
    ids, rest, found = _ids(), text.encode(), []
    while rest:
        length = next(n for n in range(min(24, len(rest)), 0, -1) if rest[:n] in ids)
        found.append(_token(ids[rest[:length]]))
        rest = rest[length:]
    return " ".join(found)


def reasoning(text: str) -> str:
    """A message on the analysis channel, then the opening of the next message."""
    return " ".join(
        [
            _token(CHANNEL),
            _said("analysis"),
            _token(MESSAGE),
            _said(text),
            _token(END),
            _token(START),
            _said("assistant"),
        ]
    )


def answer(text: str) -> str:
    """A message on the final channel, to its end."""
    return " ".join([_token(CHANNEL), _said("final"), _token(MESSAGE), _said(text)])


def call(tool: str, arguments: dict[str, object]) -> str:
    """A tool call on the commentary channel. Its end is not named: llama.cpp allows every token that ends a turn there,
    and no grammar may name those."""
    return " ".join(
        [_token(CHANNEL), _said(f"commentary to=functions.{tool} "), _token(200003), _said("json"), _token(MESSAGE),
         _said(json.dumps(arguments))]
    )  # fmt: skip


def grammar(*turns: str) -> str:
    """The model says one of `turns`, whichever its random weights like best; usually there is one."""
    return "root ::= " + " | ".join(f"({turn})" for turn in turns)


def speech(thought: str, words: str) -> str:
    """The grammar of a turn that reasons, then answers."""
    return grammar(f"{reasoning(thought)} {answer(words)}")
