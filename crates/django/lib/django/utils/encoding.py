"""Text and bytes."""

import datetime
from decimal import Decimal

from django.utils.functional import Promise


class DjangoUnicodeDecodeError(UnicodeDecodeError):
    """Says which object the bytes came from."""

    def __str__(self):
        return (
            f"{super().__str__()}. You passed in {self.object!r} ({type(self.object)})"
        )


_PROTECTED = (
    type(None),
    int,
    float,
    Decimal,
    datetime.datetime,
    datetime.date,
    datetime.time,
)


def is_protected_type(obj):
    """Whether a value stays itself where texts are asked for."""
    return isinstance(obj, _PROTECTED)


def smart_str(s, encoding="utf-8", strings_only=False, errors="strict"):
    """Text; late text stays late."""
    if isinstance(s, Promise):
        return s
    return force_str(s, encoding, strings_only, errors)


def force_str(s, encoding="utf-8", strings_only=False, errors="strict"):
    """Text, late text included."""
    if issubclass(type(s), str) or (strings_only and is_protected_type(s)):
        return s
    if not isinstance(s, bytes):
        return str(s)
    try:
        return str(s, encoding, errors)
    except UnicodeDecodeError as failure:
        raise DjangoUnicodeDecodeError(*failure.args) from None


def smart_bytes(s, encoding="utf-8", strings_only=False, errors="strict"):
    """Bytes; late text stays late."""
    if isinstance(s, Promise):
        return s
    return force_bytes(s, encoding, strings_only, errors)


def force_bytes(s, encoding="utf-8", strings_only=False, errors="strict"):
    """Bytes, late text included."""
    if isinstance(s, bytes):
        if encoding == "utf-8":
            return s
        return s.decode("utf-8", errors).encode(encoding, errors)
    if strings_only and is_protected_type(s):
        return s
    if isinstance(s, memoryview):
        return bytes(s)
    return str(s).encode(encoding, errors)
