"""Small works on text."""

import re
import unicodedata

from django.core.exceptions import SuspiciousFileOperation
from django.utils.functional import keep_lazy_text


@keep_lazy_text
def capfirst(x):
    """The text with its first letter made a capital."""
    if not x:
        return x
    x = str(x)
    return x[0].upper() + x[1:]


@keep_lazy_text
def get_valid_filename(name):
    """The text as a file's name: no spaces, nothing but letters, digits, ``-``, ``_``, ``.``."""
    found = re.sub(r"(?u)[^-\w.]", "", str(name).strip().replace(" ", "_"))
    if found in ("", ".", ".."):
        raise SuspiciousFileOperation(f"Could not derive file name from '{name}'")
    return found


@keep_lazy_text
def get_text_list(list_, last_word="or"):
    """``a, b or c``."""
    shown = [str(one) for one in list_]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last_word} {shown[-1]}"


@keep_lazy_text
def slugify(value, allow_unicode=False):
    """The text as a slug: lower case, words joined by hyphens."""
    value = str(value)
    if allow_unicode:
        value = unicodedata.normalize("NFKC", value)
    else:
        value = unicodedata.normalize("NFKD", value)
        value = value.encode("ascii", "ignore").decode("ascii")
    value = re.sub(r"[^\w\s-]", "", value.lower())
    return re.sub(r"[-\s]+", "-", value).strip("-_")


@keep_lazy_text
def camel_case_to_spaces(value):
    """``camelCase`` as ``camel case``."""
    return re.sub(
        r"(((?<=[a-z])[A-Z])|([A-Z](?![A-Z]|$)))", r" \1", value
    ).strip().lower()
