"""Texts inside HTML."""

import html

from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe


def escape(text):
    """The text with HTML's own characters written as entities."""
    return SafeString(html.escape(str(text)))


def conditional_escape(text):
    """As ``escape``, but what is safe stays."""
    if isinstance(text, Promise):
        text = str(text)
    return text.__html__() if hasattr(text, "__html__") else escape(text)


def format_html(format_string, *args, **kwargs):
    """``str.format`` whose arguments are escaped."""
    if not (args or kwargs):
        raise TypeError("args or kwargs must be provided.")
    shown = {name: conditional_escape(value) for name, value in kwargs.items()}
    return mark_safe(format_string.format(*map(conditional_escape, args), **shown))


def strip_tags(value):
    """The text without what looks like a tag: not there yet."""
    raise NotImplementedError("django.utils.html.strip_tags")
