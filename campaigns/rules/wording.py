"""Words from a marketer's template: Liquid, with limits that no template can get around.

Variables are plain dicts, so a template reaches nothing but what it is given. python-liquid's own limits do not
stop a range literal (``(1..300000000)`` allocates before it is counted): those are refused when the
template is read, and so are tags and filters outside the lists below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from liquid import BoundTemplate, Environment, FalsyStrictUndefined
from liquid.ast import Node
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidError
from liquid.expression import Expression

TAGS = frozenset(
    """assign capture case comment cycle echo for if unless break continue content output illegal
    #""".split()
)
FILTERS = frozenset(
    """append at_least at_most capitalize ceil date default downcase escape first floor join last
    minus newline_to_br plus prepend round size slice strip times truncate truncatewords uniq
    upcase""".split()
)
LONGEST_TEMPLATE = 100_000


class WordingError(ValueError):
    """The template cannot be used; the message says where and why, ``part`` in which of the three."""

    part = ""


@dataclass(frozen=True)
class Words:
    """What is said: one line, plain text, and HTML."""

    subject: str
    text: str
    html: str


class _Limited(Environment):
    output_stream_limit = 200_000
    loop_iteration_limit = 2_000
    local_namespace_limit = 50_000
    context_depth_limit = 20


def _environment(*, autoescape: bool) -> Environment:
    environment = _Limited(undefined=FalsyStrictUndefined, autoescape=autoescape)
    for name in set(environment.filters) - FILTERS:
        del environment.filters[name]
    for name in set(environment.tags) - TAGS:
        del environment.tags[name]
    return environment


_PLAIN = _environment(autoescape=False)
_HTML = _environment(autoescape=True)


def checked(source: str, *, html: bool) -> BoundTemplate:
    """Read a template; raises ``WordingError`` for what it must not contain."""
    if len(source) > LONGEST_TEMPLATE:
        raise WordingError("The text is too long: at most 100,000 characters.")
    try:
        template = (_HTML if html else _PLAIN).from_string(source)
    except (LiquidError, RecursionError) as error:
        raise WordingError(_said(error)) from error
    if any(isinstance(part, RangeLiteral) for part in _expressions(template.nodes)):
        raise WordingError("Ranges such as (1..9) cannot be used here.")
    return template


def rendered(source: str, variables: Mapping[str, Any], *, html: bool) -> str:
    """Fill a template in; raises ``WordingError``, also where a variable does not exist."""
    template = checked(source, html=html)
    try:
        return template.render(**variables)
    except (LiquidError, RecursionError, ValueError, ArithmeticError, TypeError) as error:
        raise WordingError(_said(error)) from error


def words(subject: str, text: str, html: str, variables: Mapping[str, Any]) -> Words:
    """Fill in all three parts; a subject is one line whatever stands in a name (header injection)."""
    line = " ".join(_part("subject", subject, variables).split())
    if not line:
        raise _in_part(WordingError("The subject is empty for this customer."), "subject")
    return Words(line[:200], _part("text", text, variables), _part("html", html, variables))


def _part(part: str, source: str, variables: Mapping[str, Any]) -> str:
    try:
        return rendered(source, variables, html=part == "html")
    except WordingError as error:
        raise _in_part(error, part) from error


def _in_part(error: WordingError, part: str) -> WordingError:
    error.part = part
    return error


def _expressions(nodes: Iterable[Node]) -> Iterable[Expression]:
    pending: list[Node | Expression] = list(nodes)
    while pending:
        part = pending.pop()
        if isinstance(part, Expression):
            yield part
            pending.extend(part.children())
        else:
            pending.extend(part.expressions())
            pending.extend(_children(part))


def _children(node: Node) -> Iterable[Node]:
    # The static context is only used by tags that load other templates, and those are not allowed.
    return node.children(None, include_partials=False)  # type: ignore[arg-type]


def _said(error: Exception) -> str:
    line = getattr(getattr(error, "token", None), "start_index", None)
    place = f" (at character {line + 1})" if isinstance(line, int) and line >= 0 else ""
    return f"{str(error).splitlines()[0] if str(error) else type(error).__name__}{place}"
