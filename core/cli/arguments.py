"""The commands and options of the command line, declared for argparse."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from core.i18n import tr
from core.text.printable import printable_line

EFFORTS = ("low", "medium", "high")
SURVEY_KINDS = ("question", "list", "summaries", "changes")
LATENCY_BUDGETS = ("fast", "balanced", "thorough")


class _Parser(argparse.ArgumentParser):
    """Shows arguments that it quotes in errors with their control characters made visible."""

    def error(self, message: str) -> NoReturn:
        super().error(printable_line(message))


def make_parser() -> argparse.ArgumentParser:
    """Build the parser. The options of every command may stand before or after the command's name."""
    parser = _Parser(
        prog="papermoor",
        description=tr("Chat about your own documents, on your own computer. Without a command, the window opens."),
        parents=[_common_options()],
    )
    commands = parser.add_subparsers(dest="command", metavar=tr("COMMAND"))

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[_common_options()])

    index = command("index", tr("add folders or files and bring their index up to date"))
    index.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    _add_password(index)

    remove = command("remove", tr("remove added folders or files and everything made from them; the files stay"))
    remove.add_argument("paths", nargs="+", type=Path, metavar="PATH")

    search = command("search", tr("find passages by keywords and, with an embedding model, by meaning"))
    search.add_argument("query", nargs="?", metavar="QUERY")
    search.add_argument("--queries", type=Path, metavar="FILE.jsonl", help=tr('a line {"id", "question"} per query'))
    search.add_argument("--limit", type=positive_int, default=10, metavar="N", help=tr("passages at most (10)"))
    search.add_argument("--max-chars", type=positive_int, metavar="N", help=tr("characters of all passages together"))
    search.add_argument("--explain", action="store_true", help=tr("say why each passage ranks where it does"))

    ask = command("ask", tr("ask a question and stream the answer"))
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument("--effort", choices=EFFORTS, help=tr("how long the model reasons"))
    ask.add_argument("--max-tokens", type=positive_int, metavar="N", help=tr("reasoning and answer together"))
    ask.add_argument("--patience", choices=LATENCY_BUDGETS, help=tr("how much is read before the answer begins"))
    _add_scope(ask)
    ask.add_argument("--whole", action="store_true", help=tr("give the documents in full, as far as they fit"))
    form = ask.add_mutually_exclusive_group()
    form.add_argument("--schema", type=Path, metavar="FILE.json", help=tr("answer as JSON that follows this schema"))
    form.add_argument("--columns", metavar="NAME,NAME", help=tr("answer as a table with these columns"))

    text = command("text", tr("print the text that is read from a file"))
    text.add_argument("path", type=Path, metavar="PATH")
    text.add_argument("--no-ocr", action="store_true", help=tr("leave scanned pages and pictures unread"))
    _add_password(text)

    _add_survey(command("survey", tr("put a question to every document and make a table of what they say")))

    evaluate = command("evaluate", tr("measure how well known questions are answered by a search"))
    evaluate.add_argument("folder", type=Path, metavar="DIR", help=tr("holds docs/ and queries*.jsonl"))
    evaluate.add_argument(
        "--questions", type=Path, action="append", default=[], metavar="FILE.jsonl",
        help=tr("more questions, such as ones that the documents do not answer"),
    )  # fmt: skip

    _add_models(command("models", tr("list, get, adopt, remove or verify model files")))

    encrypt = command("encrypt", tr("encrypt the library, under a key in the keychain or a passphrase"))
    encrypt.add_argument("--passphrase", action="store_true", help=tr("use a passphrase instead of the keychain"))
    command("decrypt", tr("turn the encryption of the library off"))
    change = command("passphrase", tr("add or change the passphrase of an encrypted library"))
    what = change.add_mutually_exclusive_group()
    what.add_argument("--remove", action="store_true", help=tr("have the keychain alone open it"))
    what.add_argument("--keychain", action="store_true", help=tr("have the keychain open it, too"))

    command("status", tr("what is in the library"))
    doctor = command("doctor", tr("what is installed, which models, the memory plan, the health of the store"))
    doctor.add_argument("--log", action="store_true", help=tr("print the log of an encrypted library"))
    doctor.add_argument("--repair", action="store_true", help=tr("mend what is damaged, reading documents again"))
    return parser


def _add_survey(survey: argparse.ArgumentParser) -> None:
    what = survey.add_mutually_exclusive_group(required=True)
    what.add_argument("question", nargs="?", metavar="QUESTION")
    what.add_argument("--resume", type=positive_int, metavar="ID", help=tr("go on with a survey that was stopped"))
    what.add_argument("--export", type=positive_int, metavar="ID", help=tr("print or write a survey as it is"))
    what.add_argument("--list", action="store_true", help=tr("list the surveys"))
    what.add_argument("--delete", type=positive_int, metavar="ID", help=tr("delete a survey"))
    survey.add_argument("--retry", action="store_true", help=tr("with --resume: read again what failed"))
    survey.add_argument("--kind", choices=SURVEY_KINDS, help=tr("what is asked; told from the question otherwise"))
    survey.add_argument("--effort", choices=EFFORTS, default="low", help=tr("how long the model reasons"))
    _add_scope(survey)
    survey.add_argument("--csv", type=Path, metavar="FILE", help=tr("write the table as CSV"))
    survey.add_argument("--markdown", type=Path, metavar="FILE", help=tr("write the table as Markdown"))


def _add_scope(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--in",
        dest="within",
        nargs="+",
        type=Path,
        metavar="PATH",
        help=tr("only these folders and files of the library"),
    )


def _add_password(command: argparse.ArgumentParser) -> None:
    words = tr("for encrypted PDF files; may be given several times, or in the variable PAPERMOOR_PASSWORD")
    command.add_argument("--password", action="append", metavar="WORD", help=words)


def _add_models(models: argparse.ArgumentParser) -> None:
    actions = models.add_subparsers(dest="action", metavar=tr("ACTION"), required=True)
    for name, text, argument in (
        ("list", tr("known models, and files that are on this computer already"), None),
        ("get", tr("download and check a model"), "key"),
        ("adopt", tr("use a .gguf file from where it is"), "path"),
        ("remove", tr("delete a downloaded model"), "key"),
        ("verify", tr("check downloaded files against their published hashes"), None),
    ):
        action = actions.add_parser(name, help=text, description=text, parents=[_common_options()])
        if argument:
            action.add_argument(argument, metavar=argument.upper(), type=Path if argument == "path" else str)


def positive_int(text: str) -> int:
    """Convert an option's text, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(tr("must be 1 or more"))
    return value


def _common_options() -> _Parser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group(tr("options of every command"))
    group.add_argument("--data-dir", type=Path, metavar="DIR", help=tr("where the library and settings are kept"))
    group.add_argument("--model", type=Path, metavar="FILE.gguf", help=tr("the language model to use"))
    group.add_argument("--embedder", type=Path, metavar="FILE.gguf", help=tr("the embedding model to use"))
    group.add_argument(
        "--passphrase-fd", type=int, metavar="N",
        help=tr("read the passphrase of an encrypted library from this file descriptor, not from PAPERMOOR_PASSPHRASE"),
    )  # fmt: skip
    group.add_argument("--json", action="store_true", help=tr("print the result as JSON"))
    return common
