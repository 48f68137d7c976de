"""The facts for `status` and `doctor`: library, models, memory plan, health of the stores, in words and values."""

from __future__ import annotations

import importlib.metadata
import platform
import sqlite3
import sys
from dataclasses import dataclass
from typing import Any

from core.domain.faults import Fault
from core.engines.model_registry import ModelState, ModelStatus
from core.i18n import fault_text, ngettext, tr
from core.jobs import Job
from core.workspace import Workspace

GIB = 2**30
PACKAGES = ("PySide6-Essentials", "llama-cpp-python", "openai-harmony", "pymilvus", "milvus-lite", "huggingface-hub")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The same facts twice: `values` for programs, `lines` for people. Neither holds document or chat text."""

    values: dict[str, Any]
    lines: tuple[str, ...]


def diagnose(workspace: Workspace, *, full: bool) -> Diagnosis:
    """The state of `workspace`; `full` adds versions, the memory plan and a check of the stores (some seconds)."""
    values: dict[str, Any] = {"data_dir": str(workspace.data_dir.path)}
    lines = [tr("Data folder: {path}", path=workspace.data_dir.path)]
    _add_library(workspace, values, lines)
    _add_models(workspace, values, lines)
    if full:
        _add_memory(workspace, values, lines)
        _add_stores(workspace, values, lines)
        _add_ocr(workspace, values, lines)
        _add_confinement(values, lines)
        _add_versions(values, lines)
    return Diagnosis(values, tuple(lines))


def _add_library(workspace: Workspace, values: dict[str, Any], lines: list[str]) -> None:
    counts = workspace.library.counts()
    folders = workspace.library.folders()
    values["folders"] = [str(folder.path) for folder in folders]
    values["documents"] = counts.indexed
    values["waiting"] = counts.waiting
    values["skipped"] = counts.skipped
    values["chunks"] = counts.passages
    embedded = workspace.embedded_passages()
    values["chunks_with_vectors"] = embedded
    values["conversations"] = len(workspace.conversations.list())
    for folder in folders:
        lines.append(tr("Folder: {path} ({n} files)", path=folder.path, n=folder.documents))
    lines.append(
        ngettext("{n} document indexed", "{n} documents indexed", counts.indexed)
        + tr(", {waiting} waiting, {skipped} left out; {passages} passages, {embedded} of them searchable by meaning",
             waiting=counts.waiting, skipped=counts.skipped, passages=counts.passages, embedded=embedded)
    )  # fmt: skip


def _add_models(workspace: Workspace, values: dict[str, Any], lines: list[str]) -> None:
    for key, words, status in (
        ("model", tr("Language model"), workspace.model_registry.chat_model()),
        ("embedder", tr("Embedding model"), workspace.model_registry.embedder()),
        ("reranker", tr("Ranking model"), workspace.model_registry.reranker()),
    ):
        values[key] = _model_values(status)
        if key != "reranker" or status.state is not ModelState.ABSENT:  # nobody needs one
            lines.append(f"{words}: {_model_text(status)}")


def _model_values(status: ModelStatus) -> dict[str, Any]:
    return {
        "state": status.state.value,
        "path": str(status.path) if status.path else None,
        "name": status.label,
        "size_bytes": status.size_bytes,
        "fault": fault_text(status.fault) if status.fault else None,
        "note": tr(status.note) if status.note else None,
    }


def _model_text(status: ModelStatus) -> str:
    if status.state is ModelState.ABSENT:
        return tr("none yet")
    if status.fault is not None:
        return fault_text(status.fault)
    words = f"{status.label}, {status.size_bytes / 1e9:.2f} GB, {status.path}"
    return f"{words}. {tr(status.note)}" if status.note else words


def _add_memory(workspace: Workspace, values: dict[str, Any], lines: list[str]) -> None:
    from models.machine.probe import probe_machine

    machine = probe_machine()
    values["machine"] = {
        "memory_bytes": machine.memory_bytes,
        "available_bytes": machine.available_bytes,
        "physical_cores": machine.physical_cores,
    }
    lines.append(
        tr("Memory: {total} GB, {free} GB of it free; {cores} cores compute", total=f"{machine.memory_bytes / GIB:.1f}",
           free=f"{machine.available_bytes / GIB:.1f}", cores=machine.physical_cores)
    )  # fmt: skip
    values["plan"] = None
    if workspace.model_registry.chat_model().state is not ModelState.READY:
        return
    try:
        plan = workspace.engines.chat_plan()
    except Fault as fault:
        values["plan_fault"] = fault_text(fault)
        lines.append(tr("Memory plan: {words}", words=fault_text(fault)))
        return
    reasons = [str(reason) for reason in plan.reasons]
    values["plan"] = {
        "context_tokens": plan.context_tokens,
        "estimated_bytes": plan.estimated_bytes,
        "threads": plan.threads,
        "gpu_layers": plan.gpu_layers,
        "mmap": plan.mmap,
        "reasons": reasons,
    }
    lines.append(tr("Memory plan: {words}", words=" ".join(reasons)))


def _add_stores(workspace: Workspace, values: dict[str, Any], lines: list[str]) -> None:
    damage = workspace.inspect(Job())
    values["database"] = {
        "healthy": not damage,
        "size_bytes": workspace.data_dir.database_file.stat().st_size,
        "damaged_documents": len(damage.documents),
        "damaged_messages": len(damage.messages),
        "damaged_vectors": len(damage.vectors),
    }
    lines.append(tr("Database: damaged; “papermoor doctor --repair” mends it") if damage else tr("Database: sound"))
    embedder = workspace.engines.embedder()
    if embedder is None:
        values["vectors"] = {"healthy": True, "count": 0}
        lines.append(tr("Vector store: not used, for there is no embedding model that works"))
        return
    workspace.vectors.refresh(embedder.spec.fingerprint, embedder.spec.dimension, Job())
    count = workspace.vectors.count(embedder.spec.fingerprint)
    ready = workspace.vectors.is_ready(embedder.spec.fingerprint)
    values["vectors"] = {"healthy": ready, "count": count}
    lines.append(
        tr("Vector store: sound, {n} vectors", n=count)
        if ready
        else tr("Vector store: cannot be used; searching by meaning reads the database instead, which is slower")
    )


def _add_ocr(workspace: Workspace, values: dict[str, Any], lines: list[str]) -> None:
    from core.parsing.ocr import tessdata

    settings = workspace.settings.current
    used = tessdata.choose_languages(settings.recognition_languages) if settings.recognition else ()
    installed = tessdata.installed_languages()
    values["recognition"] = {"languages": list(used), "installed_languages": list(installed)}
    lines.append(
        tr("Text recognition (OCR): {used}; languages on this computer: {there}",
           used=", ".join(used) or tr("switched off"), there=", ".join(installed) or "-")
    )  # fmt: skip


def _add_confinement(values: dict[str, Any], lines: list[str]) -> None:
    from core.parsing.process.confinement import ConfinementParts, confinement_parts

    parts = confinement_parts()
    values["confinement"] = {
        "system_calls": parts.system_calls,
        "landlock": parts.landlock,
        "profile": parts.profile,
    }
    match parts:
        case ConfinementParts(system_calls=True, landlock=0):
            words = tr("confined by a list of system calls; without Landlock, text recognition could read other files")
        case ConfinementParts(system_calls=True, landlock=version):
            words = tr("confined by a list of system calls and by Landlock (version {version})", version=version)
        case ConfinementParts(landlock=version) if version:
            words = tr("confined by Landlock (version {version}) alone, for this kernel filters no system calls",
                       version=version)  # fmt: skip
        case ConfinementParts(profile=True):
            words = tr("confined by this system's own means, which has not been tried yet")
        case _:
            words = tr("limited in time and memory, but not confined by this system")
    lines.append(tr("Processes that read documents: {words}", words=words))


def _add_versions(values: dict[str, Any], lines: list[str]) -> None:
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "system": platform.platform()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = ""
    values["versions"] = versions
    values["frozen"] = bool(getattr(sys, "frozen", False))
    missing = tr("missing")
    lines.append(tr("Installed:") + " " + ", ".join(f"{name} {v or missing}" for name, v in versions.items()))
