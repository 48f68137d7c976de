"""The process in which one target is fuzzed."""

from __future__ import annotations

import sys

from tests.fuzz.__main__ import run_worker

if __name__ == "__main__":
    sys.exit(run_worker(sys.argv[1:]))
