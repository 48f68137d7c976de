"""The parts of ggml that llama_cpp does not declare: devices, the processor's weight layouts, tensor overrides."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from models.llama.gpu import Gpu
from models.llama.library import library

CPU_DEVICE, SHARED_GPU_DEVICE = 0, 2  # GGML_BACKEND_DEVICE_TYPE_CPU, _IGPU
GPU_DEVICES = (1, SHARED_GPU_DEVICE)
AMX, REPACK = "AMX", "CPU_REPACK"
EXPERT_TENSORS = r"ffn_(up|down|gate|gate_up)_(ch|)exps"


class _TensorBufferOverride(ctypes.Structure):
    """llama.h: llama_model_tensor_buft_override, which llama_cpp does not declare."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


def _ggml_function(name: str, result: Any, *arguments: Any) -> Any:
    """The function `name` from whichever of ggml's libraries has it on this platform, declared with the types `result`
    and `arguments`. llama_cpp has no public way to load these libraries: see test_private_apis.py."""
    from llama_cpp._ctypes_extensions import load_shared_library
    from llama_cpp._ggml import libggml_base_path

    for part in ("ggml", "ggml-base", "ggml-cpu"):
        function = getattr(load_shared_library(part, libggml_base_path), name, None)
        if function is not None:
            function.restype, function.argtypes = result, list(arguments)
            return function
    raise RuntimeError(f"this build of llama.cpp has no {name}")


@functools.cache
def extra_buffer_types() -> dict[str, int]:
    """The addresses of the processor's own weight layouts in this build, by name ("CPU_REPACK", "AMX", ...)."""
    library()
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    device = _ggml_function("ggml_backend_dev_by_type", pointer, ctypes.c_int)(CPU_DEVICE)
    registry = _ggml_function("ggml_backend_dev_backend_reg", pointer, pointer)(device)
    find = _ggml_function("ggml_backend_reg_get_proc_address", pointer, pointer, text)
    name_of = _ggml_function("ggml_backend_buft_name", text, pointer)
    address = find(registry, b"ggml_backend_dev_get_extra_bufts")
    if not address:
        return {}
    listed = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)(address)(device)
    found: dict[str, int] = {}
    while listed and listed[len(found)]:
        found[name_of(listed[len(found)]).decode()] = listed[len(found)]
    return found


class _DeviceProperties(ctypes.Structure):
    """ggml-backend.h: the first fields of ggml_backend_dev_props, with room for those that follow."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("description", ctypes.c_char_p),
        ("free_bytes", ctypes.c_size_t),
        ("total_bytes", ctypes.c_size_t),
        ("kind", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def list_gpus() -> tuple[Gpu, ...]:
    """The graphics processors that this build of llama.cpp can use; empty for a build without GPU support."""
    library()
    count = _ggml_function("ggml_backend_dev_count", ctypes.c_size_t)()
    get = _ggml_function("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
    read = _ggml_function("ggml_backend_dev_get_props", None, ctypes.c_void_p, ctypes.c_void_p)
    found = []
    for index in range(count):
        properties = _DeviceProperties()
        read(get(index), ctypes.byref(properties))
        if properties.kind in GPU_DEVICES:
            name = (properties.description or properties.name or b"").decode("utf-8", "replace")
            shared = properties.kind == SHARED_GPU_DEVICE or name.startswith("Apple")
            found.append(Gpu(name, properties.total_bytes, properties.free_bytes, shared))
    return tuple(found)


def tensor_buffer_overrides(cpu_expert_layers: int, repack_experts: bool) -> Any:
    """A terminated array of tensor name patterns and the buffer types in which these tensors' weights are put: the
    experts of the first `cpu_expert_layers` in ordinary memory, and on a build with AMX, with `repack_experts`, all
    experts in the layout for AVX.

    AMX itself is not used: GCC 12 drops most of the tile configuration that llama.cpp's AMX code sets up (its header
    tells the compiler that 8 of the 64 bytes are read), and the first matrix product ends the process.
    """
    overrides: list[_TensorBufferOverride] = []
    if cpu_expert_layers > 0:
        layers = "|".join(str(layer) for layer in range(cpu_expert_layers))
        cpu_buffer_type = _ggml_function("ggml_backend_cpu_buffer_type", ctypes.c_void_p)()
        overrides.append(_TensorBufferOverride(f"blk\\.({layers})\\.{EXPERT_TENSORS}".encode(), cpu_buffer_type))
    types = extra_buffer_types()
    if repack_experts and AMX in types:
        overrides.append(_TensorBufferOverride(rf"blk\.\d+\.{EXPERT_TENSORS}\.weight".encode(), types[REPACK]))
    overrides.append(_TensorBufferOverride(None, None))
    return (_TensorBufferOverride * len(overrides))(*overrides)
