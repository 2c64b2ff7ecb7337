"""The arguments of a call: which parameter each is for, and in another order, written as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence

_TIGHT = cst.AssignEqual(whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace(""))
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


class RefusalError(Exception):
    """A call stays as it is; the message says why."""


class Arguments:
    """What a call gives to each of some parameters; RefusalError if that is known only when the program runs.

    Attributes:
        details: keywords beyond the parameters, in their order.
    """

    def __init__(self, call: cst.Call, parameters: Sequence[str]) -> None:
        self._given: dict[str, cst.Arg] = {}
        self.details: list[cst.Arg] = []
        places = iter(parameters)
        for arg in call.args:
            if arg.star:
                raise RefusalError(f"what {arg.star} brings is known only when the program runs")
            name = arg.keyword.value if arg.keyword is not None else next(places, None)
            if name is None:
                raise RefusalError("it has more arguments than the call takes")
            if name in self._given:
                raise RefusalError(f"it says {name!r} twice")
            if name in parameters:
                self._given[name] = arg
            else:
                self.details.append(arg)

    def required(self, name: str) -> cst.Arg:
        """Return the argument for *name*, or raise RefusalError."""
        if name not in self._given:
            raise RefusalError(f"it does not say {name!r}, so that it says nothing today")
        return self._given[name]

    def optional(self, name: str) -> cst.Arg | None:
        """Return the argument for *name*, None if there is none."""
        return self._given.get(name)

    def only(self, name: str) -> cst.Arg:
        """Return the argument for *name*, or raise RefusalError if it is missing, or is not the only one."""
        if self.details:
            raise RefusalError("it has an argument that the call does not take")
        return self.required(name)


def as_positional(arg: cst.Arg) -> cst.Arg:
    """Return *arg* without its keyword."""
    return arg.with_changes(keyword=None, equal=cst.MaybeSentinel.DEFAULT)


def as_keyword(arg: cst.Arg, keyword: str) -> cst.Arg:
    """Return *arg* under *keyword*."""
    equal = arg.equal if isinstance(arg.equal, cst.AssignEqual) else _TIGHT
    return arg.with_changes(keyword=cst.Name(keyword), equal=equal)


def text_argument(text: str) -> cst.Arg:
    """Return an argument that is *text*."""
    return cst.Arg(cst.SimpleString(f'"{text}"'))


def literal_text(value: cst.BaseExpression | None) -> str | None:
    """Return the text that *value* is, None if it is none or not known here."""
    if not isinstance(value, cst.SimpleString | cst.ConcatenatedString) or "\\" in cst.Module([]).code_for_node(value):
        return None  # an escape that is none would warn
    text = value.evaluated_value
    return text if isinstance(text, str) else None


def quoted_like(value: cst.BaseExpression, text: str) -> cst.SimpleString:
    """Return *text*, which has no quotes in it, in the quotes of *value*."""
    quote = value.quote[0] if isinstance(value, cst.SimpleString) else '"'
    return (
        cst.SimpleString(f"{quote}{text}{quote}") if text.isprintable() and not {*text} & {*"\"'\\"} else _keep(value)
    )


def _keep(value: cst.BaseExpression) -> cst.SimpleString:
    if not isinstance(value, cst.SimpleString):
        raise RefusalError("its name is no plain text")
    return value


def is_none(value: cst.BaseExpression) -> bool:
    """Tell whether *value* is `None`, as it is written."""
    return isinstance(value, cst.Name) and value.value == "None"


def join_arguments(call: cst.Call, made: Sequence[cst.Arg]) -> list[cst.Arg]:
    """Return *made* with the commas and line breaks of *call*, or raise RefusalError where a comment would go with one."""
    commas = [arg.comma for arg in call.args]
    if any(has_comment(arg.whitespace_after_arg) for arg in call.args[:-1]):
        raise RefusalError("a comment stands between an argument and its comma")
    more = len(made) - len(commas)
    if more < 0:
        gone = [*commas[len(made) - 1 : -1], *(commas[-1:] if not made else [])]
        if any(has_comment(comma) for comma in gone if isinstance(comma, cst.Comma)):
            raise RefusalError("a comment stands beside an argument that goes")
        commas = [*commas[: len(made) - 1], commas[-1]]
    else:
        first = commas[0]
        filler = first if isinstance(first, cst.Comma) and not has_comment(first) else _COMMA
        commas = [*[filler] * more, *commas]
    between, last = commas[:-1], commas[-1]
    between = [comma if isinstance(comma, cst.Comma) else _COMMA for comma in between]
    end = call.args[-1].whitespace_after_arg
    placed = [arg.with_changes(comma=comma) for arg, comma in zip(made, [*between, last], strict=True)]
    inner = [arg.with_changes(whitespace_after_arg=cst.SimpleWhitespace("")) for arg in placed[:-1]]
    return [*inner, placed[-1].with_changes(whitespace_after_arg=end)]


def has_comment(node: cst.CSTNode) -> bool:
    """Tell whether there is a comment in *node*."""
    return isinstance(node, cst.Comment) or any(has_comment(child) for child in node.children)
