"""What stands between ``{{`` and ``}}``: names, literals, filters; and how a value is shown."""

import datetime
import re

from django.conf import settings
from django.template._filters import AWARE_OF_ZONES, FILTERS, LIBRARIES, localized_time
from django.utils import dateformat
from django.utils.html import conditional_escape


class TemplateSyntaxError(Exception):
    pass


class _Missing(Exception):
    pass


class Expression:
    """``name.part|filter:argument``"""

    def __init__(self, text, libraries=()):
        first, *filters = re.findall(r"""(?:[^|"']|"[^"]*"|'[^']*')+""", text.strip()) or [""]
        self.value = _value(first.strip())
        self.filters = [_filter(one.strip(), libraries) for one in filters]

    def resolve(self, context):
        value = self.value(context)
        for function, arguments in self.filters:
            if function in AWARE_OF_ZONES:
                value = localized_time(value, context.use_tz)
            value = function(value, *(argument(context) for argument in arguments))
        return value


def _filter(text, libraries):
    name, colon, argument = text.partition(":")
    known = dict(FILTERS)
    for library in libraries:
        known |= LIBRARIES[library]
    if name not in known:
        raise NotImplementedError(f"template filters: {name}")
    return known[name], [_value(argument.strip())] if colon else []


def _value(text):
    if text[:1] in ("'", '"') and text[:1] == text[-1:]:
        return lambda context: text[1:-1]
    try:
        number = float(text) if "." in text else int(text)
    except ValueError:
        names = text.split(".")
        return lambda context: _resolved(names, context)
    return lambda context: number


def shown(value, context):
    """A value as text: times in the current zone and by the settings' formats."""
    value = localized_time(value, context.use_tz)
    for kind, name, usual in (
        (datetime.datetime, "DATETIME_FORMAT", "N j, Y, P"),
        (datetime.date, "DATE_FORMAT", "N j, Y"),
        (datetime.time, "TIME_FORMAT", "P"),
    ):
        if isinstance(value, kind):
            form = getattr(settings, name, usual)
            if kind is datetime.time:
                value = dateformat.time_format(value, form)
            else:
                value = dateformat.format(value, form)
            break
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
