"""Choices in one shape: pairs of value and label, where a label may be a group of pairs."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from django.utils.functional import Promise

__all__ = [
    "BaseChoiceIterator",
    "BlankChoiceIterator",
    "CallableChoiceIterator",
    "flatten_choices",
    "normalize_choices",
]

_TEXT = (str, bytes, Promise)


class BaseChoiceIterator:
    """Choices that are worked out each time they are gone through."""

    def __iter__(self):
        raise NotImplementedError(
            "BaseChoiceIterator subclasses must implement __iter__()."
        )

    def __getitem__(self, index):
        return list(self)[index]

    def __eq__(self, other):
        if not isinstance(other, Iterable):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None


class BlankChoiceIterator(BaseChoiceIterator):
    """Choices with a blank one before them, unless they have one."""

    def __init__(self, choices, blank_choice):
        self.choices = choices
        self.blank_choice = blank_choice

    def __iter__(self):
        choices = list(self.choices)
        values = (value for value, _ in flatten_choices(choices))
        blank = () if any(v is None or v == "" for v in values) else self.blank_choice
        return itertools.chain(blank, choices)


class CallableChoiceIterator(BaseChoiceIterator):
    """What a function returns, asked anew each time."""

    def __init__(self, func):
        self.func = func

    def __iter__(self):
        return iter(normalize_choices(self.func()))


def flatten_choices(choices):
    """Every pair of value and label, also those inside groups."""
    for value, label in choices or ():
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label


def normalize_choices(value, *, depth=0):
    """Lists of pairs for what may be an enumeration, a mapping, an iterable or a function.

    What has no such shape comes back as it is: a check will speak about it.
    """
    from django.db.models.enums import ChoicesType

    if isinstance(value, (BaseChoiceIterator, *_TEXT)):
        return value
    if isinstance(value, ChoicesType):
        return value.choices
    # Groups lie one level deep: what is below them are labels.
    if depth > 1:
        return value
    if isinstance(value, Mapping):
        pairs = value.items()
    elif isinstance(value, Iterator):
        pairs = value
    elif isinstance(value, Iterable):
        if any(isinstance(one, _TEXT) for one in value):
            return value
        pairs = value
    elif callable(value):
        if depth == 0:
            return CallableChoiceIterator(value)
        return normalize_choices(value(), depth=depth + 1)
    else:
        return value
    try:
        return [(key, normalize_choices(label, depth=depth + 1)) for key, label in pairs]
    except (TypeError, ValueError):
        return value
