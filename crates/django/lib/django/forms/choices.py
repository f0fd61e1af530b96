"""Fields whose value is one of several, or some of them."""

from django.core.exceptions import ValidationError
from django.forms import widgets
from django.forms.fields import Field
from django.utils.choices import flatten_choices, normalize_choices
from django.utils.translation import gettext_lazy as _

_WRONG = _("Select a valid choice. %(value)s is not one of the available choices.")


class ChoiceField(Field):
    widget = widgets.Select
    default_error_messages = {"invalid_choice": _WRONG}

    def __init__(self, *, choices=(), **kwargs):
        super().__init__(**kwargs)
        self.choices = choices

    @property
    def choices(self):
        return self._choices

    @choices.setter
    def choices(self, value):
        self._choices = self.widget.choices = normalize_choices(value)

    def __deepcopy__(self, memo):
        made = super().__deepcopy__(memo)
        made.choices = self._choices
        return made

    def to_python(self, value):
        return "" if value in self.empty_values else str(value)

    def valid_value(self, value):
        shown = str(value)
        pairs = flatten_choices(self.choices)
        return any(value == key or shown == str(key) for key, _label in pairs)

    def validate(self, value):
        super().validate(value)
        if value and not self.valid_value(value):
            raise self.error("invalid_choice", value=value)


class _Typed:
    def __init__(self, *, coerce=lambda value: value, empty_value, **kwargs):
        self.coerce, self.empty_value = coerce, empty_value
        super().__init__(**kwargs)

    def _coerced(self, value):
        try:
            return self.coerce(value)
        except (ValueError, TypeError, ValidationError):
            raise self.error("invalid_choice", value=value) from None


class TypedChoiceField(_Typed, ChoiceField):
    """A choice that becomes another type."""

    def __init__(self, *, empty_value="", **kwargs):
        super().__init__(empty_value=empty_value, **kwargs)

    def clean(self, value):
        value = super().clean(value)
        if value == self.empty_value or value in self.empty_values:
            return self.empty_value
        return self._coerced(value)


class MultipleChoiceField(ChoiceField):
    widget = widgets.SelectMultiple
    default_error_messages = {
        "invalid_choice": _WRONG,
        "invalid_list": _("Enter a list of values."),
    }

    def to_python(self, value):
        if not value:
            return []
        if not isinstance(value, list | tuple):
            raise self.error("invalid_list")
        return [str(one) for one in value]

    def validate(self, value):
        if self.required and not value:
            raise self.error("required")
        for one in value:
            if not self.valid_value(one):
                raise self.error("invalid_choice", value=one)


class TypedMultipleChoiceField(_Typed, MultipleChoiceField):
    """Choices that become another type."""

    def __init__(self, *, empty_value=None, **kwargs):
        empty_value = [] if empty_value is None else empty_value
        super().__init__(empty_value=empty_value, **kwargs)

    def clean(self, value):
        value = super().clean(value)
        if value == self.empty_value or value in self.empty_values:
            return self.empty_value
        return [self._coerced(one) for one in value]

    def validate(self, value):
        if value != self.empty_value:
            super().validate(value)
        elif self.required:
            raise self.error("required")
