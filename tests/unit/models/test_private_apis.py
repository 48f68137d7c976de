"""Pins the private names of other libraries that models relies on where there is no public API.

A new version of a library may rename or change them without notice; then these tests fail instead of the application.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
from collections.abc import Iterator
from pathlib import Path

import models
from models.llama import ggml

PINNED = {
    "llama_cpp._ctypes_extensions.load_shared_library",
    "llama_cpp._ggml.libggml_base_path",
}


def private_imports(path: Path) -> Iterator[str]:
    """The private names that the module at `path` imports from other libraries: any part begins with an underscore."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if any(part.startswith("_") for part in name.split(".")) and not name.startswith(
                ("__future__.", "models.")
            ):
                yield name


def test_every_private_name_that_is_imported_is_pinned() -> None:
    files = Path(models.__path__[0]).rglob("*.py")
    assert {name for path in files for name in private_imports(path)} == PINNED


def test_llama_cpp_loads_a_shared_library_by_base_name_and_folder() -> None:
    """`models.llama.ggml` has it load ggml's libraries, whose names and folder differ between platforms."""
    from llama_cpp._ctypes_extensions import load_shared_library
    from llama_cpp._ggml import libggml_base_path

    assert list(inspect.signature(load_shared_library).parameters) == ["lib_base_name", "base_path"]
    assert libggml_base_path.is_dir()
    assert isinstance(load_shared_library("ggml-base", libggml_base_path), ctypes.CDLL)


def test_every_ggml_function_is_found_in_these_libraries() -> None:
    """A missing one would raise a RuntimeError here; a wrong signature would most likely crash."""
    assert all(gpu.memory_bytes > 0 for gpu in ggml.list_gpus())
    assert all(name and address for name, address in ggml.extra_buffer_types().items())
    overrides = ggml.tensor_buffer_overrides(2, repack_experts=True)
    assert overrides[0].pattern.startswith(rb"blk\.(0|1)\.") and overrides[0].buffer_type
    assert overrides[len(overrides) - 1].pattern is None
