"""The chat model's speed through the whole path to typed events, beside a window, against llama.cpp's llama-bench.

    python -m tests.bench.bench_runtime --model FILE.gguf --llama-bench PROGRAM [--rounds 3] [--repeat 5] [--prompt 512]

Build llama-bench from the sources inside llama-cpp-python's source distribution with the flags of the installed wheel.
The two take turns in processes of their own, on the same file, with the same threads, weights held in the same way.
Also printed: how long stopping takes while reading and while writing (`--stops`), the longest pauses of the window's
loop, and what a second turn and a reopened conversation have to evaluate (`--turns`).
PAPERMOOR_BENCH_MODEL and PAPERMOOR_LLAMA_BENCH name the two files, too.
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

PROMPT_TOKENS = 128  # of the prompt before what is written
REPAINT_MS = 40  # as often as the application shows what has arrived (`gui.bridge.EVENT_INTERVAL_MS`)
RANDOM = random.Random(7)
WORDS = re.findall(r"[a-z]{3,}", __doc__.lower() + " ".join(dir(argparse) + dir(subprocess) + dir(os)).lower())
INSTRUCTIONS = "Answer from the documents."
FRAMES: list[float] = []
REPAINTING = threading.Event()
REPAINTING.set()


def conversation_of(chat: ChatModel, tokens: int) -> Conversation:
    """A conversation with `tokens` tokens besides the fixed part: words of all kinds, since one word again and again
    would go to the same few experts. Another conversation every time."""
    from models.conversation import Conversation, Message, Role

    drawn = RANDOM.choices(WORDS, k=tokens)

    def of(words: int) -> Conversation:
        return Conversation((Message(Role.USER, " ".join(drawn[:words])),), instructions=INSTRUCTIONS)

    fixed = chat.count_prompt(Conversation((), instructions=INSTRUCTIONS))
    words = tokens
    while (over := chat.count_prompt(of(words)) - fixed - tokens) > 0:
        words -= max(over // 3, 1)
    while chat.count_prompt(of(words)) - fixed < tokens:
        drawn.insert(words, "a")
        words += 1
    return of(words)


def reset(chat: ChatModel) -> None:
    """As after loading: nothing evaluated but the fixed part."""
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
    """Tokens per second of reading a prompt with so many new ones."""
    reset(chat)
    usage = generate(chat, conversation_of(chat, tokens), 1)
    return (usage.prompt_tokens - usage.reused_tokens) / usage.prefill_s


def decode_speed(chat: ChatModel, tokens: int) -> float:
    """Tokens per second of writing after a short prompt, counting every token evaluated: where reasoning reaches its
    limit, the beginning of an answer is put in, which takes its time but is not among the generated tokens."""
    reset(chat)
    usage = generate(chat, conversation_of(chat, PROMPT_TOKENS), tokens)
    return (chat._context.cached_tokens - usage.prompt_tokens) / usage.decode_s


def bare_speed(chat: ChatModel, tokens: int) -> float:
    """Tokens per second of llama-bench's own loop in this process, the window at rest: llama.cpp's calls and nothing
    else, tokens drawn anyhow. It tells exactly what our path costs: two processes on one machine differ by more.
    """
    from models.llama.library import library

    lib, context = library(), chat._context.handle
    chat.clear_kv_cache()
    REPAINTING.clear()
    drawn = (ctypes.c_int32 * 1)(RANDOM.randrange(100_000))
    started_s = 0.0
    for number in range(tokens + 1):
        if number == 1:  # as llama-bench: the first is not timed
            started_s = time.perf_counter()
        lib.llama_decode(context, lib.llama_batch_get_one(drawn, 1))
        lib.llama_synchronize(context)
        drawn[0] = RANDOM.randrange(100_000)
    speed = tokens / (time.perf_counter() - started_s)
    REPAINTING.set()
    chat.clear_kv_cache()
    return speed


def compare_with_bare(chat: ChatModel, tokens: int, rounds: int) -> dict[str, object]:
    """Our whole path against `bare_speed`, taking turns within this process."""
    ratios = []
    for number in range(rounds):
        speeds = {}
        for name in ("ours", "bare") if number % 2 else ("bare", "ours"):
            speeds[name] = bare_speed(chat, tokens) if name == "bare" else decode_speed(chat, tokens)
        ratios.append(speeds["ours"] / speeds["bare"])
    return {"decode_to_bare": statistics.median(ratios), "decode_to_bare_each": [round(ratio, 3) for ratio in ratios]}


def stop_latency_s(chat: ChatModel, conversation: Conversation, after_s: float) -> float:
    """From cancelling `after_s` into the generation to its last event."""
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
    """Everything about our own path, on the calling thread."""
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
    """95th percentiles of stopping while reading and while writing."""
    reading, writing = [], []
    for attempt in range(count):
        chat.clear_kv_cache()
        reading.append(stop_latency_s(chat, conversation_of(chat, 2000), 1.0 + attempt * 0.37))
        short = conversation_of(chat, 130)
        generate(chat, short, 1)
        writing.append(stop_latency_s(chat, short, 1.0 + attempt * 0.13))
    return {
        "stop_reading_p95_ms": 1000 * quantile(reading, 0.95),
        "stop_writing_p95_ms": 1000 * quantile(writing, 0.95),
    }


def measure_turns(chat: ChatModel) -> dict[str, object]:
    """Tokens evaluated by a second turn, beside those that are new in it, and after coming back to a conversation."""
    from models.conversation import Message, Role

    def evaluated(usage: Usage) -> int:
        return usage.prompt_tokens - usage.reused_tokens

    def longer(conversation: Conversation, question: str) -> Conversation:
        more = (Message(Role.ASSISTANT, "It closes in winter [1]."), Message(Role.USER, question))
        return replace(conversation, messages=(*conversation.messages, *more))

    chat.clear_kv_cache()
    chat.switch_to("bench")
    one = conversation_of(chat, 1000)
    first = generate(chat, one, 16)
    two = longer(one, "And when is it opened? " * 20)
    second = generate(chat, two, 16)
    chat.switch_to("other")
    generate(chat, conversation_of(chat, 300), 1)
    started_s = time.perf_counter()
    chat.switch_to("bench")
    restored_s = time.perf_counter() - started_s
    reopened = generate(chat, two, 1)
    return {
        "second_turn_new": second.prompt_tokens - first.prompt_tokens,
        "second_turn_evaluated": evaluated(second),
        "reopened_evaluated": evaluated(reopened),
        "save_and_restore_s": restored_s,
    }


@contextmanager
def warm_chat_model(path: Path, embedder: Path | None, *, mapped: bool = False) -> Iterator[ChatModel]:
    """The model at `path`, loaded as planned or `mapped`, and tried, as llama-bench does; beside an embedding model."""
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
    """While entered, an embedding model is open that has embedded a question, as in the application."""
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
    """Run `work` on a thread while this one repaints a window with text, as the application does."""
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


def llama_bench(arguments: argparse.Namespace, threads: int) -> dict[str, object]:
    command = [str(arguments.llama_bench), "-m", str(arguments.model), "-p", arguments.prompt, "-o", "json"]
    command += ["-n", str(arguments.tokens), "-r", str(arguments.repeat), "-t", str(threads), "-fa", "on"]
    command += ["-lm", "mmap", "--repack", "0"] if arguments.mapped else ["-lm", "none", "--repack", "1"]
    rows = json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    return {
        f"pp{row['n_prompt']}" if row["n_prompt"] else f"tg{row['n_gen']}": statistics.median(row["samples_ts"])
        for row in rows
    }


def ours(arguments: argparse.Namespace) -> dict[str, object]:
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
    parser.add_argument("--repeat", type=int, default=1, help="how often in a round; its median counts")
    parser.add_argument("--prompt", default="512,2048", help="0 for writing alone")
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--stops", type=int, default=0)
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
        theirs = llama_bench(arguments, usable_cores()) if arguments.llama_bench and number % 2 == 0 else {}
        own = ours(arguments)
        if arguments.llama_bench and number % 2:  # first one, then the other: a machine gets slower as it gets warm
            theirs = llama_bench(arguments, usable_cores())
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
