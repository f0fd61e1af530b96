"""Small tools around models."""

import functools
from collections import namedtuple


def make_model_tuple(model):
    """``"app.Model"``, a pair, or a model class as ``("app", "model")``."""
    if isinstance(model, tuple):
        pair = model
    elif isinstance(model, str):
        app_label, name = model.split(".") if model.count(".") == 1 else (None, None)
        if name is None:
            raise ValueError(
                f"Invalid model reference '{model}'. String model references must be "
                "of the form 'app_label.ModelName'."
            )
        pair = app_label, name.lower()
    else:
        pair = model._meta.app_label, model._meta.model_name
    if len(pair) != 2:
        raise ValueError(f"Invalid model reference '{model}'.")
    return pair


def resolve_callables(mapping):
    """The mapping's items, values that can be called called."""
    for name, value in mapping.items():
        yield name, value() if callable(value) else value


@functools.lru_cache
def create_namedtuple_class(*names):
    """A named tuple for rows, which pickles as its names and values."""

    def __reduce__(self):
        return unpickle_named_row, (names, tuple(self))

    row = namedtuple("Row", names)
    return type("Row", (row,), {"__reduce__": __reduce__, "__slots__": ()})


def unpickle_named_row(names, values):
    return create_namedtuple_class(*names)(*values)


class AltersData:
    """Methods marked ``alters_data`` stay marked where a subclass overrides them."""

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name, method in vars(cls).items():
            if not callable(method) or hasattr(method, "alters_data"):
                continue
            for base in cls.__mro__[1:]:
                marked = getattr(vars(base).get(name), "alters_data", None)
                if marked is not None:
                    method.alters_data = marked
                    break


def get_blank_choice_label():
    """What the choice of nothing is called."""
    from django.conf import settings
    from django.db.models.fields import BLANK_CHOICE_DASH, BLANK_CHOICE_LABEL

    if settings.USE_BLANK_CHOICE_DASH:
        return BLANK_CHOICE_DASH[0][1]
    return BLANK_CHOICE_LABEL
