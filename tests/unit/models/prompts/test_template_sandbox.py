"""A chat template runs as its authors expect, but as a stranger's program it can do nothing else."""

from __future__ import annotations

from datetime import date

import pytest

from models.faults import ModelFault
from models.prompts.template_budget import TemplateFailed
from models.prompts.template_sandbox import ChatTemplate

TODAY = date(2026, 1, 2)
MESSAGES = [{"role": "user", "content": " Hi <b> é "}, {"role": "assistant", "content": "Yes."}]


def rendered(source: str) -> str:
    return ChatTemplate(source, "model.gguf").render({"messages": MESSAGES, "bos_token": "<s>"}, TODAY)


RENDERINGS = {
    "{% for m in messages %}\n  {% if loop.first %}\nfirst\n  {% endif %}\n{% endfor %}\n": "first\n",
    "{{ messages[0].content | trim }}{{ messages[0]['role'].upper() }}": "Hi <b> éUSER",
    "{{ messages | tojson }}": '[{"role": "user", "content": " Hi <b> é "}, {"role": "assistant", "content": "Yes."}]',
    "{{ {'a': 1} | tojson(indent=2) }}": '{\n  "a": 1\n}',
    "{{ strftime_now('%d %b %Y') }}": "02 Jan 2026",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}": "2",
    "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}{{ m.role }}{% endfor %}": "user",
    "{% generation %}{{ bos_token ~ 1 ~ none }}{% endgeneration %}": "<s>1None",
    "{% macro f(x) %}[{{ x }}]{% endmacro %}{{ f('a') + f('b') }}": "[a][b]",
    "{{ messages | map(attribute='role') | join(', ') }}|{{ messages | join(';', attribute='role') }}": (
        "user, assistant|user;assistant"
    ),
    "{{ 'a\nb' | indent(2) }}{{ 'a\nb' | indent(2, true) }}": "a\n  b  a\n  b",
    "{{ 'aaa' | replace('a', 'b') }}{{ 'aaa'.replace('a', 'b', 1) }}{{ '%s=%d' % ('a', 1) }}": "bbbbaaa=1",
    "{{ '{} {:>3}'.format('a', 1) }}{{ '%s!' | format('b') }}": "a   1b!",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}": "1",
    "{{ missing is defined }}{{ missing or 'no' }}": "Falseno",
    "{{ 3 * 'ab' }}{{ [1] + [2] }}{{ 2 ** 3 }}": "ababab[1, 2]8",
}


@pytest.mark.parametrize("source", RENDERINGS)
def test_a_template_renders_as_in_hugging_face_transformers(source: str) -> None:
    assert rendered(source) == RENDERINGS[source]


NESTED = "{% set n = namespace(a=(1,)) %}{% for i in range(200) %}{% set n.a = (n.a, n.a) %}{% endfor %}"
HOSTILE = {
    "reaches Python's internals": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "reaches Python's internals through a function": "{{ raise_exception.__globals__.items() }}",
    "pads by Python's format": "{{ '{:99999999999}'.format(1) }}",
    "pads by a nested format": "{{ '{:{}}'.format(1, 99999999999) }}",
    "pads by the filter format": "{{ '%99999999999d' | format(1) }}",
    "changes the conversation": "{{ messages.append(1) }}",
    "loops for ever": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "recurses for ever": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    "recurses without end": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "writes for ever": "{% for a in range(99999) %}{{ 'x' * 9999 }}{% endfor %}",
    "multiplies strings": "{{ 'x' * 10 ** 12 }}",
    "multiplies lists": "{{ [1] * 10 ** 12 }}",
    "raises to a power": "{{ 9 ** 9 ** 9 ** 9 }}",
    "doubles by +": "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
    "doubles by ~": "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "doubles by blocks": (
        "{% set n = namespace(s='x') %}{% for a in range(99) %}"
        "{% set b %}{{ n.s }}{{ n.s }}{% endset %}{% set n.s = b %}{% endfor %}"
    ),
    "doubles by replacing": (
        "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = n.s.replace('x', 'xx') %}{% endfor %}"
    ),
    "doubles by a filter": (
        "{% set n = namespace(s='x') %}{% for a in range(99) %}{% set n.s = n.s | replace('x', 'xx') %}{% endfor %}"
    ),
    "pads by a method": "{{ 'x'.ljust(10 ** 11) }}",
    "pads by a format": "{{ '%99999999999d' % 1 }}",
    "pads by a given width": "{{ '%*d' % (99999999999, 1) }}",
    "indents": "{{ 'x\ny' | indent(10 ** 11) }}",
    "joins": "{{ ('x' * 99999).join('y' * 99999) }}",
    "squares": "{% set n = namespace(a=9999) %}{% for a in range(99) %}{% set n.a = n.a * n.a %}{% endfor %}{{ n.a }}",
    "writes dummy text": "{{ lipsum(99999999) }}",
    "hashes nested tuples": NESTED + "{{ {n.a: 1} }}",
    "looks nested tuples up": NESTED + "{{ {}.get(n.a) }}",
    "makes bytes": "{{ 'x'.encode() * 10 ** 12 }}",
    "groups": "{% for a in range(9999) %}{{ range(9999) | groupby('real') | list | length }}{% endfor %}",
    "sorts": "{% for a in range(9999) %}{{ range(9999) | sort | length }}{% endfor %}",
    "maps": "{% for a in range(9999) %}{{ range(9999) | map('string') | list | length }}{% endfor %}",
    "sums lists": "{{ [[1] * 9999] * 9999 | sum(start=[]) }}{{ ([[1] * 9999] * 9999) | sum(start=[]) }}",
    "compares": "{% set s = 'x' * 9999999 %}{% for a in range(9999) %}{{ s == 'x' ~ s }}{% endfor %}",
    "looks through": "{% set s = 'x' * 9999999 %}{% for a in range(9999) %}{{ 'y' in s }}{% endfor %}",
    "looks through by a test": "{% set s = 'x' * 9999999 %}{% for a in range(9999) %}{{ 'y' is in s }}{% endfor %}",
    "cuts": "{% set s = 'x' * 9999999 %}{% for a in range(9999) %}{% set t = s[1:] %}{% endfor %}",
    "splits": "{% set s = 'x ' * 999999 %}{% for a in range(9999) %}{{ s.split() | length }}{% endfor %}",
    "converts": "{% set s = 'x' * 9999999 %}{% for a in range(9999) %}{{ (s | upper) is none }}{% endfor %}",
    "writes a list that holds itself twice again and again": (
        "{% set n = namespace(l=[1]) %}{% for a in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}"
    ),
    "writes such a list as JSON": (
        "{% set n = namespace(l=[1]) %}{% for a in range(60) %}{% set n.l = {'a': n.l, 'b': n.l} %}{% endfor %}"
        "{{ n.l | tojson }}"
    ),
    "compares such lists": (
        "{% set n = namespace(l=[1], m=[1]) %}{% for a in range(60) %}{% set n.l = [n.l, n.l] %}"
        "{% set n.m = [n.m, n.m] %}{% endfor %}{{ n.l == n.m }}"
    ),
    "writes a long text many times": "{% set s = 'x' * 9999999 %}{{ [s, s, s, s, s] }}",
    "formats a long text many times": "{% set s = 'x' * 9999999 %}{{ '%s %s' % (s, [s, s, s, s]) }}",
    "gives up": "{{ raise_exception('I want a tool') }}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused(name: str) -> None:
    with pytest.raises(TemplateFailed):
        rendered(HOSTILE[name])


@pytest.mark.parametrize("source", ("{{ raise_exception.__globals__ }}", "{{ '{0.__class__}'.format(1) }}"))
def test_python_internals_are_undefined(source: str) -> None:
    assert rendered(source) == ""


def test_the_message_of_raise_exception_is_passed_on() -> None:
    with pytest.raises(TemplateFailed, match="I want a tool"):
        rendered(HOSTILE["gives up"])


def test_a_template_can_be_used_again_after_a_failure() -> None:
    template = ChatTemplate("{% for a in range(n) %}{% for b in range(9999) %}{% endfor %}{% endfor %}.", "model.gguf")
    for _ in range(3):
        with pytest.raises(TemplateFailed):
            template.render({"n": 99}, TODAY)
        assert template.render({"n": 1}, TODAY) == "."


@pytest.mark.parametrize(
    "source",
    ("{% if %}", "{{ 'x' | center(10 ** 11) }}", "{{ 'a", "{{ a | nofilter }}", "{" * 5000 + "{% if", "x" * 300_000),
)
def test_a_template_that_does_not_compile_is_a_fault(source: str) -> None:
    with pytest.raises(ModelFault) as caught:
        ChatTemplate(source, "model.gguf")
    assert "model.gguf" in str(caught.value)


def test_deep_nesting_is_a_fault() -> None:
    with pytest.raises(ModelFault):
        ChatTemplate("{{ " + "(" * 50_000 + ")" * 50_000 + " }}", "model.gguf")
