"""From a template's text to functions of a context, one for each of its pieces."""

import datetime
import re

from django.conf import settings
from django.template._filters import LIBRARIES
from django.template._values import Expression, TemplateSyntaxError, shown
from django.utils import dateformat, timezone

_PIECES = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})")
_WORDS = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")


def parsed(source):
    return _Parser(source).until()


class _Parser:
    def __init__(self, source):
        self.pieces = iter(_PIECES.split(source))
        self.libraries = []

    def until(self, end=None):
        """The nodes up to a tag, or up to the text's end."""
        nodes = []
        for piece in self.pieces:
            if piece.startswith("{{"):
                nodes.append(_variable(Expression(piece[2:-2], self.libraries)))
            elif piece.startswith("{%"):
                words = _WORDS.findall(piece[2:-2])
                if words[:1] == [end]:
                    return nodes
                node = self.tag(piece, words)
                if node is not None:
                    nodes.append(node)
            elif not piece.startswith("{#"):
                nodes.append(_text(piece))
        if end:
            raise TemplateSyntaxError(f"Unclosed tag. Looking for one of: {end}.")
        return nodes

    def tag(self, piece, words):
        name = words[0] if words else ""
        if name == "load":
            for library in words[1:]:
                if library not in LIBRARIES:
                    raise NotImplementedError(f"template library: {library}")
                self.libraries.append(library)
            return None
        if name in TAGS:
            return TAGS[name](self, words)
        if "tz" in self.libraries and name in ZONE_TAGS:
            return ZONE_TAGS[name](self, words)
        raise NotImplementedError(f"template tags: {piece}")


def _text(text):
    return lambda context: text


def _variable(expression):
    return lambda context: shown(expression.resolve(context), context)


def _rendered(nodes, context):
    return "".join(node(context) for node in nodes)


def _now(parser, words):
    if len(words) != 2:
        raise TemplateSyntaxError("'now' statement takes one argument")
    form = words[1][1:-1]

    def node(context):
        zone = timezone.get_current_timezone() if settings.USE_TZ else None
        return dateformat.format(datetime.datetime.now(tz=zone), form)

    return node


def _localtime(parser, words):
    if len(words) > 2 or words[1:] and words[1] not in ("on", "off"):
        if len(words) == 2:
            raise TemplateSyntaxError(f"{words[0]!r} argument should be 'on' or 'off'")
        raise TemplateSyntaxError(f"{words[0]!r} takes at most one argument")
    wanted = words[1:] != ["off"]
    nodes = parser.until("endlocaltime")

    def node(context):
        before, context.use_tz = context.use_tz, wanted
        try:
            return _rendered(nodes, context)
        finally:
            context.use_tz = before

    return node


def _timezone(parser, words):
    if len(words) != 2:
        raise TemplateSyntaxError(f"'{words[0]}' takes one argument (timezone)")
    zone = Expression(words[1], parser.libraries)
    nodes = parser.until("endtimezone")

    def node(context):
        with timezone.override(zone.resolve(context)):
            return _rendered(nodes, context)

    return node


def _get_current_timezone(parser, words):
    if len(words) != 3 or words[1] != "as":
        raise TemplateSyntaxError(
            f"'get_current_timezone' requires 'as variable' (got {words!r})"
        )

    def node(context):
        context[words[2]] = timezone.get_current_timezone_name()
        return ""

    return node


TAGS = {"now": _now}
ZONE_TAGS = {
    "localtime": _localtime,
    "timezone": _timezone,
    "get_current_timezone": _get_current_timezone,
}
