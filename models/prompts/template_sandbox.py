"""Runs the chat template of a model file in a sandbox, since it is a program by a stranger.

It sees the conversation and nothing else (jinja2's sandbox), and the number of its steps and characters is limited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import wraps
from typing import Any, cast

import jinja2
from jinja2 import ext, meta, nodes
from jinja2.filters import do_indent
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from models.faults import N_, ModelFault
from models.prompts.template_budget import RenderBudget, TemplateFailed, TemplateLimitExceeded

MAX_TEMPLATE_CHARS = 1 << 17  # today's longest have some 20,000
MAX_NODES = 40_000  # of the parsed template; today's largest have some 3,000
MAX_POWER_OPERAND = 64
MAX_INTEGER_BITS = 1024
MAX_RANGE = 10_000
REMOVED_FILTERS = (
    "center", "batch", "slice", "wordwrap", "filesizeformat", "urlize", "xmlattr", "pprint", "unique", "random",
)  # fmt: skip
REMOVED_GLOBALS = ("lipsum", "cycler", "joiner")
METHODS_WITH_WIDTH = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs", "translate"})
METHODS_TO_BYTES = frozenset({"encode", "to_bytes"})  # bytes are not counted
STEP, JOIN, SEEN = "papermoor_step", "papermoor_join", "papermoor_seen"  # what the instrumented template calls

Variables = Mapping[str, object]


class ChatTemplate:
    """A compiled template. Any thread may use it, but only one at a time."""

    def __init__(self, source: str, name: str) -> None:
        """Compile `source`. Raises `ModelFault`, with the file's `name`, if that fails."""
        self._environment = _Environment()
        try:
            if len(source) > MAX_TEMPLATE_CHARS:
                raise jinja2.TemplateError("it is too long")
            tree = self._environment.parse(source)
            if sum(1 for _ in tree.find_all(nodes.Node)) > MAX_NODES:
                raise jinja2.TemplateError("it is too long")
            self.variables = frozenset(meta.find_undeclared_variables(tree))
            code = self._environment.compile(_CountingTransformer().visit(tree), filename="<chat template>")
            self._template = jinja2.Template.from_code(
                self._environment, code, self._environment.make_globals(None), None
            )
        except (jinja2.TemplateError, RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
            raise template_fault(name, error) from error

    def render(self, variables: Variables, today: date) -> str:
        """The template's output for `variables`. Raises `TemplateFailed`."""
        budget = self._environment.budget
        budget.reset()
        try:
            parts = []
            for part in self._template.generate(
                **variables,
                raise_exception=_raise_exception,
                strftime_now=today.strftime,
                **{STEP: str, JOIN: budget.join, SEEN: budget.seen},
            ):
                budget.counted(part)
                parts.append(part)
            return "".join(parts)
        except TemplateLimitExceeded:
            raise
        except Exception as error:  # a stranger's program may raise anything; it has no access to our state
            raise TemplateFailed(str(error) or type(error).__name__) from error


def template_fault(name: str, error: Exception) -> ModelFault:
    """The fault of the file `name`, whose template failed with `error`."""
    return ModelFault(
        N_("This model cannot be spoken to"),
        N_("The template in {name} that says how to put questions to the model does not work ({why})."),
        N_("Choose another .gguf file of the model."),
        name=name,
        why=(str(error) or type(error).__name__)[:200],
    )


def _raise_exception(message: object) -> str:
    raise jinja2.TemplateError(str(message))


class _CountingTransformer(NodeTransformer):
    """Rewrites a template so that every round of a loop, every `~`, and what is compared or cut is counted."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        step = nodes.Call(nodes.Name(STEP, "load"), [], [], None, None, lineno=node.lineno)
        node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno))
        return node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        node.expr = _seen(node.expr)
        for operand in node.ops:
            operand.expr = _seen(operand.expr)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _seen(node.node)
        else:
            node.arg = _seen(node.arg)  # a tuple of tuples is hashed
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
        self.generic_visit(node)
        node.key = _seen(node.key)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return nodes.Call(nodes.Name(JOIN, "load"), node.nodes, [], None, None, lineno=node.lineno)


def _seen(node: nodes.Expr) -> nodes.Expr:
    if isinstance(node, nodes.Const):
        return node
    return nodes.Call(nodes.Name(SEEN, "load"), [node], [], None, None, lineno=node.lineno)


class _GenerationTag(ext.Extension):
    """`{% generation %}`, which marks the model's own text for training; here only its content matters."""

    tags = {"generation"}

    def parse(self, parser: Any) -> Any:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with the settings of Hugging Face's `apply_chat_template`, which templates are written for. Each
    operation that can make a long text out of short ones is counted before it is done."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        self.budget = RenderBudget()
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self.budget.written,
            optimized=False,  # else constants are computed while the template is compiled, uncounted
            extensions=["jinja2.ext.loopcontrols", _GenerationTag],
        )
        for name in REMOVED_FILTERS:
            self.filters.pop(name, None)
        for name in REMOVED_GLOBALS:
            self.globals.pop(name, None)
        self.globals["range"] = self._range
        self.filters["tojson"] = self._written_first(_to_json)
        self.filters["string"] = self._written_first(str)
        self.filters["sum"] = _sum
        self.filters["replace"] = self._replace
        self.filters["format"] = self._written_first(_format)
        self.filters["indent"] = self._indent
        self.filters["join"] = self._join
        self.filters = {name: self._counting(filter) for name, filter in self.filters.items()}
        self.tests = {name: self._counting(cast("Callable[..., Any]", test)) for name, test in self.tests.items()}

    def _counting(self, filter: Callable[..., Any]) -> Callable[..., Any]:
        """A filter or test with its input and its result counted; the first parameter of some is the context."""

        @wraps(filter)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.budget.count_step()
            for value in args[:2]:
                self.budget.seen(value)
            result = filter(*args, **kwargs)
            return self.budget.one_by_one(result) if isinstance(result, Iterator) else self.budget.counted(result)

        return counted

    def _written_first(self, filter: Callable[..., Any]) -> Callable[..., Any]:
        """`filter`, which makes text of its arguments, with that counted before."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            for value in (*args, *kwargs.values()):
                self.budget.written(value)
            return filter(*args, **kwargs)

        return counted

    def _range(self, *bounds: int) -> range:
        values = range(*bounds)
        if len(values) > MAX_RANGE:
            raise TemplateLimitExceeded("it does not come to an end")
        self.budget.count_step(len(values))
        return values

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if attr in METHODS_TO_BYTES or (isinstance(obj, str) and attr in METHODS_WITH_WIDTH):
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        """Check the field widths before the sandbox wraps `str.format`, so that it cannot reach into values."""
        if isinstance(owner := getattr(value, "__self__", None), str) and value.__name__.startswith("format"):
            _require_narrow_fields(owner)
        return super().wrap_str_format(value)

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        self.budget.count_step()
        owner, name = getattr(obj, "__self__", None), getattr(obj, "__name__", "")
        for value in (owner, *(arg for arg in args if isinstance(arg, tuple))):  # a dictionary hashes tuples
            self.budget.seen(value)
        if isinstance(owner, str) and name == "replace" and len(args) >= 2:
            self._count_replacement(owner, *args[:2])
        elif isinstance(owner, str) and name == "join" and args:
            self.budget.count_chars(len(owner) * len(args[0]))
        return self.budget.counted(super().call(context, obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        self.budget.count_step()
        sized = (str, list, tuple)
        if operator == "+" and isinstance(left, sized) and isinstance(right, sized):
            self.budget.count_chars(len(left) + len(right))
        elif operator == "*":
            for one, other in ((left, right), (right, left)):
                if isinstance(one, sized) and isinstance(other, int):
                    self.budget.count_chars(len(one) * max(other, 0))
        elif operator == "**" and not (abs(left) <= MAX_POWER_OPERAND and abs(right) <= MAX_POWER_OPERAND):
            raise jinja2.TemplateError("a power is too large")
        elif operator == "%" and isinstance(left, str):
            _require_narrow_fields(left)
            self.budget.written(right)
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, int) and result.bit_length() > MAX_INTEGER_BITS:
            raise jinja2.TemplateError("a number is too large")
        return self.budget.counted(result)

    def _replace(self, value: Any, old: Any, new: Any, count: int = -1) -> str:
        self._count_replacement(str(value), old, new)
        return str(value).replace(str(old), str(new), count)

    def _count_replacement(self, text: str, old: Any, new: Any) -> None:
        self.budget.count_chars(len(text) + text.count(str(old)) * len(str(new)))

    def _indent(self, value: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
        text = str(value)
        self.budget.count_chars((text.count("\n") + 1) * (width if isinstance(width, int) else len(width)))
        return do_indent(text, width, first, blank)

    def _join(self, value: Any, filler: Any = "", attribute: str | int | None = None) -> str:
        items = [str(item if attribute is None else self.getitem(item, attribute)) for item in value]
        self.budget.count_chars(sum(map(len, items)) + len(items) * len(str(filler)))
        return str(filler).join(items)


def _sum(values: Iterable[Any], attribute: str | None = None, start: int | float = 0) -> int | float:
    """The filter `sum`, of numbers alone: summing lists takes the square of their number."""
    if attribute is not None or not isinstance(start, int | float):
        raise jinja2.TemplateError("only numbers are summed")
    return sum((value for value in values), start)


def _format(value: Any, *args: Any, **kwargs: Any) -> str:
    """The filter `format`."""
    _require_narrow_fields(str(value))
    return str(str(value) % (kwargs or args))


def _require_narrow_fields(template: str) -> None:
    """Raise an error if a field's width is computed or has more than three digits."""
    if re.search(r"\d{4}|%[^%a-zA-Z]*\*|\{[^{}]*\{", template):
        raise jinja2.TemplateError("a field is too wide")


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """The filter `tojson` as templates expect it: no escapes for HTML, and non-ASCII characters as they are."""
    indent = min(int(indent), 8) if indent is not None else None
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
