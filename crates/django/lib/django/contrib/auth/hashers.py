"""Passwords, as they are kept: ``algorithm$parts``."""

import math

from django.conf import settings
from django.utils.crypto import RANDOM_STRING_CHARS, constant_time_compare, get_random_string

UNUSABLE_PASSWORD_PREFIX = "!"
UNUSABLE_PASSWORD_SUFFIX_LENGTH = 40


class PBKDF2PasswordHasher:
    algorithm = "pbkdf2_sha256"
    iterations = 1_500_000

    def encode(self, password, salt, iterations=None):
        import base64
        import hashlib

        rounds = iterations or self.iterations
        made = hashlib.pbkdf2_hmac("sha256", _bytes(password), _bytes(salt), rounds)
        text = base64.b64encode(made).decode("ascii")
        return f"{self.algorithm}${rounds}${salt}${text}"

    def verify(self, password, encoded):
        _algorithm, rounds, salt, _made = encoded.split("$", 3)
        return constant_time_compare(encoded, self.encode(password, salt, int(rounds)))


class MD5PasswordHasher:
    algorithm = "md5"

    def encode(self, password, salt):
        import hashlib

        made = hashlib.md5(_bytes(salt) + _bytes(password)).hexdigest()
        return f"{self.algorithm}${salt}${made}"

    def verify(self, password, encoded):
        _algorithm, salt, _made = encoded.split("$", 2)
        return constant_time_compare(encoded, self.encode(password, salt))


_HASHERS = {
    f"django.contrib.auth.hashers.{one.__name__}": one
    for one in (PBKDF2PasswordHasher, MD5PasswordHasher)
}


def _bytes(value):
    return value.encode() if isinstance(value, str) else value


def _preferred():
    names = getattr(settings, "PASSWORD_HASHERS", None) or list(_HASHERS)
    if names[0] not in _HASHERS:
        raise NotImplementedError(f"the password hasher {names[0]}")
    return _HASHERS[names[0]]()


def is_password_usable(encoded):
    return encoded is None or not encoded.startswith(UNUSABLE_PASSWORD_PREFIX)


def make_password(password, salt=None, hasher="default"):
    """A password as it is kept; one that never matches for ``None``."""
    if password is None:
        return UNUSABLE_PASSWORD_PREFIX + get_random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH)
    if not isinstance(password, (bytes, str)):
        raise TypeError(
            f"Password must be a string or bytes, got {type(password).__qualname__}."
        )
    if salt is None:
        salt = get_random_string(math.ceil(128 / math.log2(len(RANDOM_STRING_CHARS))))
    return _preferred().encode(password, salt)


def check_password(password, encoded, setter=None, preferred="default"):
    """Whether the password is the one that was kept."""
    if password is None or not is_password_usable(encoded):
        return False
    for hasher in _HASHERS.values():
        if (encoded or "").startswith(f"{hasher.algorithm}$"):
            correct = hasher().verify(password, encoded)
            if correct and setter and hasher.algorithm != _preferred().algorithm:
                setter(password)
            return correct
    return False


async def acheck_password(password, encoded, setter=None, preferred="default"):
    return check_password(password, encoded)
