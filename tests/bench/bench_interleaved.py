"""Compares our chat model with llama-bench run by run: while one computes, the other is suspended in memory.

    python -m tests.bench.bench_interleaved --model FILE.gguf --llama-bench PROGRAM [--prompt 512] [--runs 30]

A machine's speed changes by a tenth and more within minutes, which is more than the difference to be measured. Rounds
of `bench_runtime` are minutes apart, these runs only seconds; but the weights must fit into memory twice (the first 18
of gpt-oss-20b's 24 layers fit into 23 GB). Runs beside a repainting window, on Linux and macOS. A run of llama-bench
that was suspended does not count. llama-bench starts at the same depth as we do: attention is computed over 256
positions at a time, so the 62 tokens of our fixed part make each of four micro-batches of 512 attend to 256 more.
`--prompt 0` measures decode.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
from pathlib import Path

from models.machine.cores import usable_cores
from tests.bench import bench_runtime as runtime

DECODED_TOKENS = 32
STOPPED_EVERY = 2  # every second run of llama-bench is suspended; the others count
RUN = re.compile(r"(?:prompt|generation) run (\d+)/")


def serve(arguments: argparse.Namespace) -> dict[str, object]:
    """Our side: print a measurement for every line of standard input."""
    with runtime.warm_chat_model(arguments.model, arguments.embedder) as chat:
        if not chat.plan.repack:
            raise RuntimeError("the weights are not repacked, as llama-bench's are: wrong types, or too little memory")
        runtime.REPAINTING.clear()
        runtime.reset(chat)
        print(chat._context.cached_tokens, flush=True)
        for _ in sys.stdin:
            runtime.REPAINTING.set()
            if arguments.prompt:
                speed = runtime.prefill_speed(chat, arguments.prompt)
            else:
                speed = runtime.decode_speed(chat, DECODED_TOKENS)
            runtime.REPAINTING.clear()
            print(speed, flush=True)
    return {}


class OurSide:
    """A process that has loaded the model and measures when it is asked to."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        command = [sys.executable, "-m", "tests.bench.bench_interleaved", "--serve", "--model", str(arguments.model)]
        command += ["--prompt", str(arguments.prompt)]
        command += ["--embedder", str(arguments.embedder)] if arguments.embedder else []
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.fixed_tokens = int(self._line())

    def speed(self) -> float:
        """Measure now; tokens per second."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def take_turns(arguments: argparse.Namespace, ours: OurSide) -> tuple[list[float], list[float]]:
    """Tokens per second of each of our runs, and of each of llama-bench's that was not suspended."""
    command = [str(arguments.llama_bench), "-m", str(arguments.model), "-r", str(arguments.runs), "-fa", "on"]
    decoded = 0 if arguments.prompt else DECODED_TOKENS
    depth = ours.fixed_tokens + (runtime.PROMPT_TOKENS if decoded else 0)
    command += ["-p", str(arguments.prompt), "-n", str(decoded), "-d", str(depth)]
    command += ["-t", str(usable_cores()), "-lm", "none", "--repack", "1", "-o", "json", "--progress"]
    mine, stopped = [], set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as theirs:
        assert theirs.stdout is not None and theirs.stderr is not None
        for line in theirs.stderr:
            run = RUN.search(line)  # printed when a run begins
            if run is None or int(run[1]) % STOPPED_EVERY:
                continue
            os.kill(theirs.pid, signal.SIGSTOP)
            stopped.add(int(run[1]) - 1)
            try:
                mine.append(ours.speed())
            finally:
                os.kill(theirs.pid, signal.SIGCONT)
        samples = json.loads(theirs.stdout.read())[0]["samples_ts"]
    return mine, [speed for number, speed in enumerate(samples) if number not in stopped]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=os.environ.get("PAPERMOOR_BENCH_MODEL"))
    parser.add_argument("--llama-bench", type=Path, default=os.environ.get("PAPERMOOR_LLAMA_BENCH"))
    parser.add_argument("--embedder", type=Path, help="an embedding model to hold open meanwhile")
    parser.add_argument("--prompt", type=int, default=0, help="tokens to prefill; 0 to measure decode")
    parser.add_argument("--runs", type=int, default=30, help="runs of llama-bench, of which every other one counts")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.model or not (arguments.serve or arguments.llama_bench):
        parser.error("name a model file and llama-bench")
    if arguments.serve:
        runtime.run_beside_a_window(lambda: serve(arguments))
        return
    ours = OurSide(arguments)
    try:
        mine, theirs = take_turns(arguments, ours)
    finally:
        ours.close()
    for name, speeds in (("ours", mine), ("llama-bench", theirs)):
        print(f"{name:12} {statistics.median(speeds):6.2f} t/s   {[round(speed, 2) for speed in speeds]}")
    print(f"ratio of medians {statistics.median(mine) / statistics.median(theirs):.3f}")


if __name__ == "__main__":
    main()
