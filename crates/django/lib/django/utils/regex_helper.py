"""Regular expressions compiled when they are first used."""

import re

from django.utils.functional import SimpleLazyObject


def _lazy_re_compile(regex, flags=0):
    """A pattern that is compiled on first use; one compiled already is kept."""

    def compiled():
        if isinstance(regex, str | bytes):
            return re.compile(regex, flags)
        assert not flags, "flags must be empty if regex is passed pre-compiled"
        return regex

    return SimpleLazyObject(compiled)
