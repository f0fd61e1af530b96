"""Texts and languages: texts stay as they are written, whichever language is active."""

from contextlib import ContextDecorator

from django.utils._translation import (  # noqa: F401
    activate,
    deactivate,
    deactivate_all,
    get_language,
    gettext,
    gettext_lazy,
    gettext_noop,
    ngettext,
    ngettext_lazy,
    npgettext,
    npgettext_lazy,
    pgettext,
    pgettext_lazy,
)


class override(ContextDecorator):
    """Another language for a while; ``None`` for none at all."""

    def __init__(self, language, deactivate=False):
        self.language = language
        self.deactivate = deactivate

    def __enter__(self):
        self.before = get_language()
        if self.language is None:
            deactivate_all()
        else:
            activate(self.language)

    def __exit__(self, *failure):
        if self.before is None:
            deactivate_all()
        elif self.deactivate:
            deactivate()
        else:
            activate(self.before)


def get_language_bidi():
    """Whether the active language is written from right to left."""
    language = (get_language() or "").split("-")[0]
    return language in ("ar", "ckb", "fa", "he", "ug", "ur")
