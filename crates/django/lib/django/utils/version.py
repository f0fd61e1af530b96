"""Versions: Python's, Django's, the documentation's."""

import sys

PYPY = sys.implementation.name == "pypy"
PY38 = sys.version_info >= (3, 8)
PY39 = sys.version_info >= (3, 9)
PY310 = sys.version_info >= (3, 10)
PY311 = sys.version_info >= (3, 11)
PY312 = sys.version_info >= (3, 12)
PY313 = sys.version_info >= (3, 13)
PY314 = sys.version_info >= (3, 14)
PY315 = sys.version_info >= (3, 15)

_STAGES = {"alpha": "a", "beta": "b", "rc": "rc"}


def get_complete_version(version=None):
    """The version given, or Django's."""
    if version is None:
        from django import VERSION as version
    if len(version) != 5 or version[3] not in (*_STAGES, "final"):
        raise AssertionError(f"{version!r} is not a version")
    return version


def get_main_version(version=None):
    """``6.1`` or ``6.1.3``."""
    numbers = get_complete_version(version)[:3]
    shown = numbers if numbers[2] else numbers[:2]
    return ".".join(str(n) for n in shown)


def get_version(version=None):
    """``6.1.3``, ``6.1a1``, ``6.1rc2``."""
    version = get_complete_version(version)
    stage = _STAGES.get(version[3])
    return get_main_version(version) + (f"{stage}{version[4]}" if stage else "")


def get_docs_version(version=None):
    """What the documentation's address says: ``6.1``, or ``dev`` before a release."""
    version = get_complete_version(version)
    return "{}.{}".format(*version) if version[3] == "final" else "dev"


def get_version_tuple(version):
    """The leading numbers of ``"1.2.3rc2"``."""
    numbers = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if digits:
            numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)
