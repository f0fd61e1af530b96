"""Templates of text and variables; tags and filters are not there."""

import re

from django.utils.html import conditional_escape

_PIECES = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})")


class Context:
    """The names that a template may use."""

    def __init__(self, dict_=None, autoescape=True):
        self.autoescape = autoescape
        self._names = {"True": True, "False": False, "None": None} | (dict_ or {})

    def __getitem__(self, name):
        return self._names[name]


class Template:
    """A text with ``{{ dotted.names }}``."""

    def __init__(self, template_string, origin=None, name=None, engine=None):
        self.source = str(template_string)
        self.name = name
        for piece in _PIECES.split(self.source):
            if piece.startswith("{%"):
                raise NotImplementedError(f"template tags: {piece}")
            if piece.startswith("{{") and "|" in piece:
                raise NotImplementedError(f"template filters: {piece}")

    def render(self, context):
        return "".join(
            _shown(piece, context)
            for piece in _PIECES.split(self.source)
            if not piece.startswith("{#")
        )


def _shown(piece, context):
    if not piece.startswith("{{"):
        return piece
    text = piece[2:-2].strip()
    if text[0] in "'\"":
        return text[1:-1]
    value = _resolved(text.split("."), context)
    return conditional_escape(value) if context.autoescape else str(value)


def _resolved(names, context):
    value = context
    for name in names:
        try:
            value = _step(value, name)
        except _Missing:
            # What is not there is shown as nothing.
            return ""
        value = _called(value)
    return value


class _Missing(Exception):
    pass


def _step(value, name):
    try:
        return value[name]
    except (TypeError, AttributeError, KeyError, ValueError, IndexError):
        pass
    try:
        return getattr(value, name)
    except (TypeError, AttributeError):
        pass
    try:
        return value[int(name)]
    except (TypeError, KeyError, ValueError, IndexError):
        raise _Missing from None


def _called(value):
    if not callable(value) or getattr(value, "do_not_call_in_templates", False):
        return value
    # A template shows rows; it must not change them.
    return "" if getattr(value, "alters_data", False) else value()


class TemplateSyntaxError(Exception):
    pass


class RequestContext(Context):
    """Names, and those that the context processors of the settings find in a request."""

    def __init__(self, request, dict_=None, processors=None, **kwargs):
        self.request = request
        found = {}
        for processor in processors or ():
            found |= processor(request)
        super().__init__(found | (dict_ or {}), **kwargs)
