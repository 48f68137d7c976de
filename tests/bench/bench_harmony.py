"""Runs the harmony parser on a million random token streams: none may raise an exception or show a control token.

python -m tests.bench.bench_harmony [STREAMS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from models.conversation import AnswerDelta, ReasoningDelta, ToolCall
from models.prompts.harmony_parser import HarmonyParser
from models.prompts.harmony_vocabulary import (
    ASSISTANT,
    CHANNEL,
    FINAL,
    MESSAGE,
    ORDINARY_TOKENS,
    START,
    STOP_IDS,
    HarmonyVocabulary,
    load_harmony_vocabulary,
)
from tests.support.gguf_models import CONTROL_TOKENS, write_tiny_gpt_oss

LENGTH = 40
# "analysis"; "commentary"; " to=functions.get_weather"; a whole header with these
HEADERS: list[tuple[int, ...]] = [(35_644,), (12_606, 815), (316, 28, 44_580, 775, 170_154)]
HEADERS.append((START, ASSISTANT, *HEADERS[2], CHANNEL, *HEADERS[1], MESSAGE))
CONTROL_SIGNS = set("<|>")


def main(streams: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "tiny.gguf"
        write_tiny_gpt_oss(model)
        vocabulary = load_harmony_vocabulary(model, Path(folder))
    tokens = calls = characters = 0
    generator = random.Random(0)
    # Tokens with a character of <|> are left out: then one of these in the output comes from a control token.
    ordinary = [i for i in range(ORDINARY_TOKENS) if not set(b"<|>") & set(vocabulary.token_bytes(i))]
    likely = [(token,) for token in (*CONTROL_TOKENS, 200_500, 201_088, -1, ASSISTANT, FINAL)] + HEADERS
    started_s = time.perf_counter()
    for _ in range(streams):
        stream: list[int] = []
        for _ in range(generator.randrange(1, LENGTH)):
            stream += generator.choice(likely) if generator.random() < 0.4 else (generator.choice(ordinary),)
        shown, made = read(vocabulary, stream)
        tokens += len(stream)
        calls += made
        characters += len(shown)
        if CONTROL_SIGNS & set(shown):
            raise SystemExit(f"a control token is shown for {stream}: {shown!r}")
    seconds = time.perf_counter() - started_s
    print(f"{streams:,} random streams, {tokens:,} tokens: no exception, no control token shown")
    print(f"{characters:,} characters shown, {calls:,} tool calls")
    print(f"{seconds:.1f} s, {seconds / tokens * 1e6:.2f} us per token with making the streams")


def read(vocabulary: HarmonyVocabulary, stream: list[int]) -> tuple[str, int]:
    """The text shown by one stream and the number of its tool calls. After every other stream an answer is forced."""
    parser = HarmonyParser(vocabulary.token_bytes)
    events = [event for token in stream for event in parser.feed(token)]
    if stream[-1] not in STOP_IDS and len(stream) % 2:
        for token in parser.answer_opening():
            events += parser.feed(token)
        if not (parser.answering or parser.has_answer):
            raise SystemExit(f"the answer could not be forced after {stream}")
    events += parser.finish()
    text = "".join(event.text for event in events if isinstance(event, ReasoningDelta | AnswerDelta))
    made = [event for event in events if isinstance(event, ToolCall)]
    return text + "".join(call.name + call.arguments for call in made), len(made)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
