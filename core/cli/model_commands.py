"""`papermoor models`: lists, downloads, adopts, removes and verifies model files."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from core.cli.output import Output
from core.domain.faults import N_, ModelFault
from core.engines.model_registry import ModelFoundElsewhere
from core.i18n import fault_text, ngettext, tr
from core.jobs import Job
from core.text.printable import printable_line
from core.workspace import Workspace
from models.catalog import catalog


def models_command(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Run the action that the arguments name."""
    ACTIONS[arguments.action](workspace, arguments, output)


def _list(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    downloaded = {path.name for path in workspace.model_registry.downloaded()}
    rows = [_model_to_json(entry, entry.file in downloaded) for entry in catalog.ALL]
    found = workspace.model_registry.found_elsewhere()
    faults = _faults(workspace)
    if output.json:
        output.result({"models": rows, "found": [_found_to_json(model) for model in found], "faults": faults})
        return
    for row in rows:
        size = f"{row['size_bytes'] / 1e9:.2f} GB" if row["size_bytes"] else ""
        state = tr("here") if row["downloaded"] else ""
        output.line(f"{row['key']:30} {size:>9}  {row['licence']:20} {state}")
        if row["note"]:
            output.line(f"    {tr(row['note'])}")
    for model in found:
        label, program, path = printable_line(model.label), model.program, model.path
        output.line(
            tr(
                "on this computer already: {label} ({program}): {path}",
                label=label,
                program=program,
                path=path,
            )
        )
    for faulty_path, text in faults.items():
        output.line(f"{printable_line(faulty_path)}: {text}")


def _faults(workspace: Workspace) -> dict[str, str]:
    """Return what is wrong with the chosen model files, by path."""
    registry = workspace.model_registry
    statuses = (registry.chat_model(), registry.embedder(), registry.reranker())
    return {str(status.path): fault_text(status.fault) for status in statuses if status.fault is not None}


def _get(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    key = _catalog_entry(arguments.key).key
    path = workspace.model_registry.download(key, Job(output.progress))
    output.finish_progress()
    _print_result(output, {"key": key, "path": str(path)}, tr("{key} is here and checked: {path}", key=key, path=path))
    _announce_embedder_change(workspace, output)


def _adopt(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    kind = workspace.model_registry.adopt(arguments.path)
    path = arguments.path.expanduser().absolute()
    _print_result(output, {"kind": kind, "path": str(path)}, tr("{path} is used from where it is.", path=path))
    _announce_embedder_change(workspace, output)


def _announce_embedder_change(workspace: Workspace, output: Output) -> None:
    """Confirm a change of the embedding model, which naming one at a terminal asks for, and say how long it will
    take."""
    change = workspace.embedder_migration.question(Job())
    if change is None:
        return
    workspace.embedder_migration.agree()
    if not output.json:
        output.line(
            ngettext(
                "The next index prepares {n} passage anew, in about {minutes} min. Until then the old model searches.",
                "The next index prepares {n} passages anew, in about {minutes} min. Until then the old model searches.",
                change.passages,
                minutes=max(1, round(change.seconds / 60)),
            )
        )


def _remove(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    entry = _catalog_entry(arguments.key)
    removed = workspace.model_registry.remove(entry)
    text = tr("{key} was removed.", key=entry.key) if removed else tr("{key} was not here.", key=entry.key)
    _print_result(output, {"key": entry.key, "removed": removed}, text)


def _verify(workspace: Workspace, arguments: argparse.Namespace, output: Output) -> None:
    """Compare the hash of every downloaded file with the published one."""
    results: list[dict[str, Any]] = []
    for path in workspace.model_registry.downloaded():
        sound = workspace.model_registry.verify(path, Job(output.progress))
        results.append({"path": str(path), "sound": sound})
    output.finish_progress()
    if output.json:
        output.result({"files": results})
    for result in results:
        texts = {True: tr("sound"), False: tr("DAMAGED: get it again"), None: tr("no published hash to compare with")}
        if not output.json:
            output.line(f"{result['path']}: {texts[result['sound']]}")
    if damaged := [result["path"] for result in results if result["sound"] is False]:
        raise ModelFault(
            N_("Damaged model file"),
            N_("{path} is not the file that its publisher states."),
            N_("Remove it and get it again."),
            path=damaged[0],
        )


def _model_to_json(entry: catalog.ModelEntry, downloaded: bool) -> dict[str, Any]:
    return {
        "key": entry.key,
        "label": entry.label,
        "repository": entry.repository,
        "file": entry.file,
        "size_bytes": entry.size_bytes,
        "sha256": entry.sha256,
        "licence": entry.licence,
        "note": entry.note,
        "downloaded": downloaded,
    }


def _found_to_json(model: ModelFoundElsewhere) -> dict[str, Any]:
    return {
        "path": str(model.path),
        "kind": model.kind,
        "label": model.label,
        "program": model.program,
        "known": model.known,
    }


def _catalog_entry(key: str) -> catalog.ModelEntry:
    try:
        return catalog.entry_by_key(key)
    except KeyError:
        raise ModelFault(
            N_("Unknown model"),
            N_("There is no model {key} in the catalogue."),
            N_("See the names with: papermoor models list"),
            key=key,
        ) from None


def _print_result(output: Output, values: dict[str, Any], text: str) -> None:
    if output.json:
        output.result(values)
    else:
        output.line(text)


ACTIONS: dict[str, Callable[[Workspace, argparse.Namespace, Output], None]] = {
    "list": _list,
    "get": _get,
    "adopt": _adopt,
    "remove": _remove,
    "verify": _verify,
}
