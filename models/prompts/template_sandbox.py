"""Runs the chat template that a model file brings along: a program by a stranger, so within bounds.

It sees the conversation and nothing else (jinja2's sandbox), and neither its steps nor its text may grow without end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import jinja2
from jinja2 import ext, meta, nodes
from jinja2.filters import do_indent
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from models.faults import N_, ModelFault

TEMPLATE_LIMIT_CHARS = 1 << 18
STEP_LIMIT = 200_000  # rounds of loops and calls, 1 s; the templates of today take some for each message
TEXT_LIMIT_CHARS = 1 << 25  # all text that is put out or put together while one prompt is made
POWER_LIMIT = 64
FILTERS_WITH_WIDTH = ("center", "batch", "slice", "wordwrap", "filesizeformat", "urlize", "xmlattr", "pprint")
METHODS_WITH_WIDTH = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "translate"})
STEP, JOIN = "papermoor_step", "papermoor_join"  # names that the instrumented template calls

Variables = Mapping[str, object]


class TemplateRefused(Exception):
    """The template gave up (`raise_exception`), is broken, or went beyond its bounds. The text says why."""


class TemplateEndless(TemplateRefused):
    """It went beyond its bounds: not to be tried again in another way."""


class ChatTemplate:
    """A compiled template. Any thread may use it, one at a time."""

    def __init__(self, source: str, name: str) -> None:
        """`name` is the file's, for the fault. Raises `ModelFault` if the template cannot be read."""
        self._environment = _Environment()
        try:
            if len(source) > TEMPLATE_LIMIT_CHARS:
                raise jinja2.TemplateError("it is too long")
            tree = self._environment.parse(source)
            self.variables = frozenset(meta.find_undeclared_variables(tree))
            code = self._environment.compile(_Instrument().visit(tree), filename="<chat template>")
            self._template = jinja2.Template.from_code(
                self._environment, code, self._environment.make_globals(None), None
            )
        except (jinja2.TemplateError, RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
            raise template_fault(name, error) from error

    def render(self, variables: Variables, today: date) -> str:
        """The template's text. Raises `TemplateRefused`."""
        budget = self._environment.budget
        budget.restart()
        try:
            parts = []
            for part in self._template.generate(
                **variables,
                raise_exception=_refuse,
                strftime_now=today.strftime,
                **{STEP: str, JOIN: budget.join},
            ):
                budget.text(part)
                parts.append(part)
            return "".join(parts)
        except TemplateEndless:
            raise
        except Exception as error:  # whatever a stranger's program comes up with; it has touched nothing of ours
            raise TemplateRefused(str(error) or type(error).__name__) from error


def template_fault(name: str, error: Exception) -> ModelFault:
    return ModelFault(
        N_("This model cannot be spoken to"),
        N_("The template in {name} that says how to put questions to the model does not work ({why})."),
        N_("Choose another .gguf file of the model."),
        name=name,
        why=(str(error) or type(error).__name__)[:200],
    )


def _refuse(message: object) -> str:
    raise jinja2.TemplateError(str(message))


class _Budget:
    """What one rendering may still use up."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._steps, self._chars = STEP_LIMIT, TEXT_LIMIT_CHARS

    def step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise TemplateEndless("it does not come to an end")

    def chars(self, count: int) -> None:
        self._chars -= count
        if self._chars < 0:
            raise TemplateEndless("its text does not come to an end")

    def text(self, value: Any) -> Any:
        """`value`, counted."""
        if isinstance(value, str):
            self.chars(len(value))
        return value

    def join(self, *parts: object) -> str:
        """What `~` does."""
        return "".join(str(self.text(part)) for part in parts)


class _Instrument(NodeTransformer):
    """Has every round of a loop, made a call, and every `~` counted."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        step = nodes.Call(nodes.Name(STEP, "load"), [], [], None, None, lineno=node.lineno)
        node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return nodes.Call(nodes.Name(JOIN, "load"), node.nodes, [], None, None, lineno=node.lineno)


class _Generation(ext.Extension):
    """`{% generation %}`: marks what the model has written, for training; here only its content counts."""

    tags = {"generation"}

    def parse(self, parser: Any) -> Any:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, as the templates expect it (the settings are those of Hugging Face's `apply_chat_template`)."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        self.budget = _Budget()
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self.budget.text,
            extensions=["jinja2.ext.loopcontrols", _Generation],
        )
        for name in FILTERS_WITH_WIDTH:
            self.filters.pop(name, None)
        self.filters["tojson"] = _to_json
        self.filters["replace"] = self._replace
        self.filters["format"] = _format
        self.filters["indent"] = self._indent
        self.filters["join"] = self._join

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in METHODS_WITH_WIDTH:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        """What `str.format` is replaced with, which the sandbox keeps from reaching into values."""
        if isinstance(owner := getattr(value, "__self__", None), str) and value.__name__.startswith("format"):
            _require_narrow(owner)
        return super().wrap_str_format(value)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.budget.step()
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        if isinstance(owner, str) and name == "replace" and len(args) >= 2:
            self._count_replacement(owner, *args[:2])
        elif isinstance(owner, str) and name == "join" and args:
            self.budget.chars(len(owner) * len(args[0]))
        return self.budget.text(super().call(context, obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self.budget.step()
        sized = (str, list, tuple)
        if operator == "+" and isinstance(left, sized) and isinstance(right, sized):
            self.budget.chars(len(left) + len(right))
        elif operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, sized) and isinstance(other, int):
                    self.budget.chars(len(one) * max(other, 0))
        elif operator == "**" and not (abs(left) <= POWER_LIMIT and abs(right) <= POWER_LIMIT):
            raise jinja2.TemplateError("a power is too large")
        elif operator == "%" and isinstance(left, str):
            _require_narrow(left)
        return super().call_binop(context, operator, left, right)

    def _replace(self, value: Any, old: Any, new: Any, count: int = -1) -> str:
        self._count_replacement(str(value), old, new)
        return str(value).replace(str(old), str(new), count)

    def _count_replacement(self, text: str, old: Any, new: Any) -> None:
        self.budget.chars(len(text) + text.count(str(old)) * len(str(new)))

    def _indent(self, value: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        text = str(value)
        self.budget.chars((text.count("\n") + 1) * (width if isinstance(width, int) else len(width)))
        return do_indent(text, width, first, blank)

    def _join(self, value: Any, filler: Any = "", attribute: str | int | None = None) -> str:
        items = [str(item if attribute is None else self.getitem(item, attribute)) for item in value]
        self.budget.chars(sum(map(len, items)) + len(items) * len(str(filler)))
        return str(filler).join(items)


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    """The filter `format`."""
    _require_narrow(str(value))
    return str(str(value) % (kwargs or args))


def _require_narrow(template: str) -> None:
    """Refuse a format with a field of a width that the template computes or that has more than three digits."""
    if re.search(r"\d{4}|%[^%a-zA-Z]*\*|\{[^{}]*\{", template):
        raise jinja2.TemplateError("a field is too wide")


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as templates expect it: letters as they are, nothing escaped for web pages."""
    indent = min(int(indent), 8) if indent is not None else None
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
