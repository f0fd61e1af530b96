"""Random texts, and comparing secrets."""

import hmac
import secrets

RANDOM_STRING_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def get_random_string(length, allowed_chars=RANDOM_STRING_CHARS):
    return "".join(secrets.choice(allowed_chars) for _ in range(length))


def constant_time_compare(val1, val2):
    first, second = (
        value.encode() if isinstance(value, str) else value for value in (val1, val2)
    )
    return hmac.compare_digest(first, second)
