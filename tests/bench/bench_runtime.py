"""Measures the chat model's speed up to its typed events, beside a window, and compares it with llama-bench.

    python -m tests.bench.bench_runtime --model FILE.gguf --llama-bench PROGRAM [--rounds 3] [--repeat 5] [--prompt 512]

Build llama-bench, a program of llama.cpp, from the sources in llama-cpp-python's source distribution, with the flags of
the installed wheel. The two take turns, each in its own process, with the same file, threads and kind of memory. Also
measured: how long cancelling takes during prefill and during decode (`--stops`), the longest pauses of the window's
event loop, and how many tokens a second turn and a reopened conversation prefill (`--turns`). PAPERMOOR_BENCH_MODEL and
PAPERMOOR_LLAMA_BENCH can name the two files as well.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.chat_model import ChatModel
    from models.conversation import Conversation, Usage

PROMPT_TOKENS = 128  # of the prompt when decode is measured
REPAINT_MS = 40  # as often as the application shows what has arrived (`gui.bridge.EVENT_INTERVAL_MS`)
RANDOM = random.Random(7)
WORDS = re.findall(r"[a-z]{3,}", __doc__.lower() + " ".join(dir(argparse) + dir(subprocess) + dir(os)).lower())
INSTRUCTIONS = "Answer from the documents."
FRAMES: list[float] = []
REPAINTING = threading.Event()
REPAINTING.set()


def conversation_of(chat: ChatModel, tokens: int) -> Conversation:
    """A new conversation with `tokens` tokens besides the fixed part. Its words are chosen at random, since a repeated
    word would always go to the same few experts."""
    from models.conversation import Conversation, Message, Role

    words = RANDOM.choices(WORDS, k=tokens)

    def with_words(count: int) -> Conversation:
        return Conversation((Message(Role.USER, " ".join(words[:count])),), instructions=INSTRUCTIONS)

    fixed = chat.count_prompt(Conversation((), instructions=INSTRUCTIONS))
    count = tokens
    while (excess := chat.count_prompt(with_words(count)) - fixed - tokens) > 0:
        count -= max(excess // 3, 1)
    while chat.count_prompt(with_words(count)) - fixed < tokens:
        words.insert(count, "a")
        count += 1
    return with_words(count)


def reset(chat: ChatModel) -> None:
    """Leave nothing in the KV cache but the fixed part, as after loading."""
    from models.conversation import Conversation

    chat.clear_kv_cache()
    chat.warm_up(Conversation((), instructions=INSTRUCTIONS))


def generate(chat: ChatModel, conversation: Conversation, max_tokens: int) -> Usage:
    from models.conversation import Finished, Sampling

    *_, last = chat.generate(conversation, max_tokens=max_tokens, sampling=Sampling(seed=1))
    assert isinstance(last, Finished)
    return last.usage


def median_of(count: int, speed: Callable[[], float]) -> float:
    return statistics.median(speed() for _ in range(count))


def prefill_speed(chat: ChatModel, tokens: int) -> float:
    """Tokens per second of the prefill of a prompt with `tokens` new tokens."""
    reset(chat)
    usage = generate(chat, conversation_of(chat, tokens), 1)
    return (usage.prompt_tokens - usage.reused_tokens) / usage.prefill_s


def decode_speed(chat: ChatModel, tokens: int) -> float:
    """Tokens per second of decode after a short prompt. Counts every decoded token: where reasoning reaches its limit,
    the tokens that open the answer are decoded as well, but not counted as generated."""
    reset(chat)
    usage = generate(chat, conversation_of(chat, PROMPT_TOKENS), tokens)
    return (chat._context.cached_tokens - usage.prompt_tokens) / usage.decode_s


def bare_speed(chat: ChatModel, tokens: int) -> float:
    """Tokens per second of llama-bench's own loop in this process, without repainting: random tokens and llama.cpp's
    calls alone. Shows what our code costs, which is less than two processes on one machine differ by."""
    from models.llama.library import library

    lib, context = library(), chat._context.handle
    chat.clear_kv_cache()
    REPAINTING.clear()
    token = (ctypes.c_int32 * 1)(RANDOM.randrange(100_000))
    started_s = 0.0
    for number in range(tokens + 1):
        if number == 1:  # like llama-bench, do not time the first one
            started_s = time.perf_counter()
        lib.llama_decode(context, lib.llama_batch_get_one(token, 1))
        lib.llama_synchronize(context)
        token[0] = RANDOM.randrange(100_000)
    speed = tokens / (time.perf_counter() - started_s)
    REPAINTING.set()
    chat.clear_kv_cache()
    return speed


def compare_with_bare(chat: ChatModel, tokens: int, rounds: int) -> dict[str, object]:
    """The ratio of `decode_speed` to `bare_speed`, which take turns in this process."""
    ratios = []
    for number in range(rounds):
        speeds = {}
        for name in ("ours", "bare") if number % 2 else ("bare", "ours"):
            speeds[name] = bare_speed(chat, tokens) if name == "bare" else decode_speed(chat, tokens)
        ratios.append(speeds["ours"] / speeds["bare"])
    return {"decode_to_bare": statistics.median(ratios), "decode_to_bare_each": [round(ratio, 3) for ratio in ratios]}


def stop_latency_s(chat: ChatModel, conversation: Conversation, after_s: float) -> float:
    """Seconds from cancelling, `after_s` after the start, to the last event of the generation."""
    from models.cancel import CancelToken

    cancel, cancelled_at = CancelToken(), [0.0]

    def stop() -> None:
        cancelled_at[0] = time.perf_counter()
        cancel.cancel()

    timer = threading.Timer(after_s, stop)
    timer.start()
    for _ in chat.generate(conversation, max_tokens=2000, cancel=cancel):
        pass
    timer.join()
    return time.perf_counter() - cancelled_at[0]


def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """All figures of our own code, measured on the calling thread."""
    prompts = [int(tokens) for tokens in arguments.prompt.split(",") if tokens != "0"]
    with warm_chat_model(arguments.model, arguments.embedder, mapped=arguments.mapped) as chat:
        figures: dict[str, object] = {"weights": "repacked" if chat.plan.repack else "mapped"}
        for tokens in prompts:
            figures[f"pp{tokens}"] = median_of(arguments.repeat, partial(prefill_speed, chat, tokens))
        FRAMES.clear()
        figures[f"tg{arguments.tokens}"] = median_of(arguments.repeat, partial(decode_speed, chat, arguments.tokens))
        figures["frame_p99_ms"] = 1000 * quantile(FRAMES, 0.99)
        if arguments.bare:
            figures |= compare_with_bare(chat, arguments.tokens, arguments.bare)
        if arguments.stops:
            figures |= measure_stops(chat, arguments.stops)
        if arguments.turns:
            figures |= measure_turns(chat)
    return figures


def measure_stops(chat: ChatModel, count: int) -> dict[str, object]:
    """The 95th percentiles of how long cancelling takes during prefill and during decode."""
    during_prefill, during_decode = [], []
    for attempt in range(count):
        chat.clear_kv_cache()
        during_prefill.append(stop_latency_s(chat, conversation_of(chat, 2000), 1.0 + attempt * 0.37))
        short = conversation_of(chat, 130)
        generate(chat, short, 1)
        during_decode.append(stop_latency_s(chat, short, 1.0 + attempt * 0.13))
    return {
        "stop_prefill_p95_ms": 1000 * quantile(during_prefill, 0.95),
        "stop_decode_p95_ms": 1000 * quantile(during_decode, 0.95),
    }


def measure_turns(chat: ChatModel) -> dict[str, object]:
    """How many tokens a second turn prefills, how many are new in it, and how many are prefilled after switching back
    to a conversation."""
    from models.conversation import Message, Role

    def prefilled(usage: Usage) -> int:
        return usage.prompt_tokens - usage.reused_tokens

    def with_turn(conversation: Conversation, question: str) -> Conversation:
        added = (Message(Role.ASSISTANT, "It closes in winter [1]."), Message(Role.USER, question))
        return replace(conversation, messages=(*conversation.messages, *added))

    chat.clear_kv_cache()
    chat.switch_to("bench")
    one_turn = conversation_of(chat, 1000)
    first = generate(chat, one_turn, 16)
    two_turns = with_turn(one_turn, "And when is it opened? " * 20)
    second = generate(chat, two_turns, 16)
    chat.switch_to("other")
    generate(chat, conversation_of(chat, 300), 1)
    started_s = time.perf_counter()
    chat.switch_to("bench")
    restored_s = time.perf_counter() - started_s
    reopened = generate(chat, two_turns, 1)
    return {
        "second_turn_new": second.prompt_tokens - first.prompt_tokens,
        "second_turn_prefilled": prefilled(second),
        "reopened_prefilled": prefilled(reopened),
        "save_and_restore_s": restored_s,
    }


@contextmanager
def warm_chat_model(path: Path, embedder: Path | None, *, mapped: bool = False) -> Iterator[ChatModel]:
    """The model at `path`, loaded as planned or `mapped`, warmed up like llama-bench, with `embedder` open beside."""
    from models.chat_model import ChatModel
    from models.gguf.header import read_header
    from models.loading.load_plan import plan_chat
    from models.machine.probe import probe_machine

    plan = plan_chat(read_header(path), probe_machine(), wanted_context=8192)
    if mapped:
        plan = replace(plan, mmap=True, repack=False, repack_experts=False)
    with tempfile.TemporaryDirectory() as cache, open_embedder(embedder):
        chat = ChatModel.open(path, plan, Path(cache))
        generate(chat, conversation_of(chat, PROMPT_TOKENS), 4)
        yield chat
        chat.close()


@contextmanager
def open_embedder(path: Path | None) -> Iterator[None]:
    """Within the context, keep an embedding model open that has embedded a question, as in the application."""
    if path is None:
        yield
        return
    from models.embedder import Embedder

    embedder = Embedder.open(path)
    try:
        embedder.embed_query("When is it opened?")
        yield
    finally:
        embedder.close()


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def run_beside_a_window(work: Callable[[], dict[str, object]]) -> dict[str, object]:
    """Run `work` on another thread while this one repaints a window with text, as the application does."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QLabel

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication([])
    label = QLabel()
    label.resize(900, 700)
    label.show()
    last = [time.perf_counter()]
    with ThreadPoolExecutor(max_workers=1) as pool:
        result = pool.submit(work)

        def repaint() -> None:
            if not REPAINTING.is_set() and not result.done():
                return
            now = time.perf_counter()
            FRAMES.append(now - last[0] - REPAINT_MS / 1000)
            last[0] = now
            label.setText("word " * (len(FRAMES) % 200))
            if result.done():
                app.quit()

        timer = QTimer()
        timer.timeout.connect(repaint)
        timer.start(REPAINT_MS)
        app.exec()
        return result.result()


def run_llama_bench(arguments: argparse.Namespace, threads: int) -> dict[str, object]:
    command = [str(arguments.llama_bench), "-m", str(arguments.model), "-p", arguments.prompt, "-o", "json"]
    command += ["-n", str(arguments.tokens), "-r", str(arguments.repeat), "-t", str(threads), "-fa", "on"]
    command += ["-lm", "mmap", "--repack", "0"] if arguments.mapped else ["-lm", "none", "--repack", "1"]
    rows = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    return {
        f"pp{row['n_prompt']}" if row["n_prompt"] else f"tg{row['n_gen']}": statistics.median(row["samples_ts"])
        for row in rows
    }


def run_child(arguments: argparse.Namespace) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.bench.bench_runtime", "--child", "--model", str(arguments.model)]
    command += ["--prompt", arguments.prompt, "--tokens", str(arguments.tokens), "--stops", str(arguments.stops)]
    command += ["--bare", str(arguments.bare), "--repeat", str(arguments.repeat)]
    command += ["--mapped"] if arguments.mapped else []
    command += ["--turns"] if arguments.turns else []
    command += ["--embedder", str(arguments.embedder)] if arguments.embedder else []
    figures: dict[str, object] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=os.environ.get("PAPERMOOR_BENCH_MODEL"))
    parser.add_argument("--llama-bench", type=Path, default=os.environ.get("PAPERMOOR_LLAMA_BENCH"))
    parser.add_argument("--embedder", type=Path, help="an embedding model to hold open meanwhile")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=1, help="measurements in a round, of which the median counts")
    parser.add_argument("--prompt", default="512,2048", help="tokens to prefill; 0 to measure decode alone")
    parser.add_argument("--tokens", type=int, default=32, help="tokens to decode")
    parser.add_argument("--stops", type=int, default=0, help="how often to measure cancelling")
    parser.add_argument("--bare", type=int, default=0, help="rounds against llama.cpp's calls alone, in one process")
    parser.add_argument("--turns", action="store_true")
    parser.add_argument("--mapped", action="store_true", help="weights in the file cache, whatever the plan says")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.model:
        parser.error("name a model file")
    if arguments.child:
        print(json.dumps(run_beside_a_window(lambda: measure(arguments))))
        return
    from models.machine.cores import usable_cores

    rounds: list[tuple[dict[str, object], dict[str, object]]] = []
    for number in range(arguments.rounds):
        theirs = run_llama_bench(arguments, usable_cores()) if arguments.llama_bench and number % 2 == 0 else {}
        own = run_child(arguments)
        if arguments.llama_bench and number % 2:  # alternate who is first, since a machine slows down as it warms up
            theirs = run_llama_bench(arguments, usable_cores())
        rounds.append((own, theirs))
        print(json.dumps({"ours": rounds[-1][0], "llama-bench": theirs}), flush=True)
    for name in rounds[0][1]:
        mine = [float(str(own[name])) for own, _ in rounds]
        other = [float(str(theirs[name])) for _, theirs in rounds]
        ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
        speeds = f"ours {statistics.median(mine):8.2f} t/s   llama-bench {statistics.median(other):8.2f} t/s"
        print(f"{name:8} {speeds}   {ratio:.3f}x")


if __name__ == "__main__":
    main()
