"""Fields of forms: what was sent becomes a Python value, or ``ValidationError``."""

import copy
import datetime
import json
import math
import re
import uuid
from decimal import Decimal, DecimalException

from django.core import validators
from django.core.exceptions import ValidationError
from django.forms import widgets
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration
from django.utils.translation import gettext_lazy as _

_DATES = ["%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%b %d %Y", "%b %d, %Y", "%d %b %Y"]
_DATES += ["%d %b, %Y", "%B %d %Y", "%B %d, %Y", "%d %B %Y", "%d %B, %Y"]
_TIMES = ["%H:%M:%S", "%H:%M:%S.%f", "%H:%M"]


class Field:
    """One value of a form."""

    widget = widgets.TextInput
    hidden_widget = widgets.HiddenInput
    default_validators = []
    default_error_messages = {"required": _("This field is required.")}
    empty_values = list(validators.EMPTY_VALUES)

    def __init__(
        self,
        *,
        required=True,
        widget=None,
        label=None,
        initial=None,
        help_text="",
        error_messages=None,
        show_hidden_initial=False,
        validators=(),
        localize=False,
        disabled=False,
        label_suffix=None,
        template_name=None,
        bound_field_class=None,
    ):
        self.required, self.label, self.initial = required, label, initial
        self.help_text, self.label_suffix = help_text, label_suffix
        self.show_hidden_initial = show_hidden_initial
        self.disabled, self.localize = disabled, localize
        self.template_name = template_name
        self.bound_field_class = bound_field_class
        widget = widget or self.widget
        widget = widget() if isinstance(widget, type) else copy.deepcopy(widget)
        widget.is_required = required
        widget.attrs.update(self.widget_attrs(widget))
        self.widget = widget
        self.error_messages = {}
        for parent in reversed(type(self).__mro__):
            self.error_messages |= parent.__dict__.get("default_error_messages", {})
        self.error_messages |= error_messages or {}
        self.validators = [*self.default_validators, *validators]

    def __deepcopy__(self, memo):
        made = copy.copy(self)
        made.widget = copy.deepcopy(self.widget, memo)
        made.error_messages = dict(self.error_messages)
        made.validators = list(self.validators)
        return made

    def error(self, code, **params):
        """The ``ValidationError`` of that name."""
        return ValidationError(self.error_messages[code], code=code, params=params)

    def prepare_value(self, value):
        return value

    def to_python(self, value):
        return value

    def validate(self, value):
        if self.required and value in self.empty_values:
            raise self.error("required")

    def run_validators(self, value):
        if value in self.empty_values:
            return
        errors = []
        for validator in self.validators:
            try:
                validator(value)
            except ValidationError as e:
                if getattr(e, "code", None) in self.error_messages:
                    e.message = self.error_messages[e.code]
                errors.extend(e.error_list)
        if errors:
            raise ValidationError(errors)

    def clean(self, value):
        value = self.to_python(value)
        self.validate(value)
        self.run_validators(value)
        return value

    def bound_data(self, data, initial):
        return initial if self.disabled else data

    def widget_attrs(self, widget):
        return {}

    def has_changed(self, initial, data):
        if self.disabled:
            return False
        try:
            data = self.to_python(data)
        except ValidationError:
            return True
        return ("" if initial is None else initial) != ("" if data is None else data)


class CharField(Field):
    def __init__(
        self, *, max_length=None, min_length=None, strip=True, empty_value="", **kwargs
    ):
        self.max_length, self.min_length = max_length, min_length
        self.strip, self.empty_value = strip, empty_value
        super().__init__(**kwargs)
        if min_length is not None:
            self.validators.append(validators.MinLengthValidator(int(min_length)))
        if max_length is not None:
            self.validators.append(validators.MaxLengthValidator(int(max_length)))
        self.validators.append(validators.ProhibitNullCharactersValidator())

    def to_python(self, value):
        if value not in self.empty_values:
            value = str(value)
            if self.strip:
                value = value.strip()
        return self.empty_value if value in self.empty_values else value

    def widget_attrs(self, widget):
        attrs = super().widget_attrs(widget)
        if not widget.is_hidden:
            if self.max_length is not None:
                attrs["maxlength"] = str(self.max_length)
            if self.min_length is not None:
                attrs["minlength"] = str(self.min_length)
        return attrs


class IntegerField(Field):
    widget = widgets.NumberInput
    default_error_messages = {"invalid": _("Enter a whole number.")}

    def __init__(self, *, max_value=None, min_value=None, step_size=None, **kwargs):
        self.max_value, self.min_value, self.step_size = max_value, min_value, step_size
        super().__init__(**kwargs)
        if max_value is not None:
            self.validators.append(validators.MaxValueValidator(max_value))
        if min_value is not None:
            self.validators.append(validators.MinValueValidator(min_value))
        if step_size is not None:
            step = validators.StepValueValidator(step_size, offset=min_value)
            self.validators.append(step)

    def _number(self, value):
        # ``1.0`` is whole, ``1.5`` is not.
        return int(re.sub(r"\.0*\s*$", "", str(value)))

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values:
            return None
        try:
            return self._number(value)
        except (ValueError, TypeError, DecimalException):
            raise self.error("invalid") from None

    def widget_attrs(self, widget):
        attrs = super().widget_attrs(widget)
        if isinstance(widget, widgets.NumberInput):
            given = {"min": self.min_value, "max": self.max_value, "step": self.step_size}
            attrs |= {name: value for name, value in given.items() if value is not None}
        return attrs


class FloatField(IntegerField):
    default_error_messages = {"invalid": _("Enter a number.")}

    def _number(self, value):
        return float(value)

    def validate(self, value):
        super().validate(value)
        if value not in self.empty_values and not math.isfinite(value):
            raise self.error("invalid")


class DecimalField(IntegerField):
    default_error_messages = {"invalid": _("Enter a number.")}

    def __init__(self, *, max_digits=None, decimal_places=None, **kwargs):
        self.max_digits, self.decimal_places = max_digits, decimal_places
        super().__init__(**kwargs)
        self.validators.append(validators.DecimalValidator(max_digits, decimal_places))

    def _number(self, value):
        return Decimal(str(value))

    def validate(self, value):
        super().validate(value)
        if value not in self.empty_values and not value.is_finite():
            raise self.error("invalid")


class _MomentField(Field):
    input_formats = ()

    def __init__(self, *, input_formats=None, **kwargs):
        super().__init__(**kwargs)
        if input_formats is not None:
            self.input_formats = input_formats

    def _from_formats(self, value):
        for format in self.input_formats:
            try:
                return datetime.datetime.strptime(str(value).strip(), format)
            except (ValueError, TypeError):
                continue
        raise self.error("invalid")


class DateField(_MomentField):
    widget = widgets.DateInput
    input_formats = _DATES
    default_error_messages = {"invalid": _("Enter a valid date.")}

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, datetime.datetime):
            return value.date()
        if isinstance(value, datetime.date):
            return value
        return self._from_formats(value).date()


class TimeField(_MomentField):
    widget = widgets.TimeInput
    input_formats = _TIMES
    default_error_messages = {"invalid": _("Enter a valid time.")}

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, datetime.time):
            return value
        return self._from_formats(value).time()


class DateTimeField(_MomentField):
    widget = widgets.DateTimeInput
    input_formats = [f"{d} {t}" for d in _DATES[:3] for t in _TIMES] + _DATES[:3]
    default_error_messages = {"invalid": _("Enter a valid date/time.")}

    def prepare_value(self, value):
        if isinstance(value, datetime.datetime) and timezone.is_aware(value):
            return timezone.make_naive(value)
        return value

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if not isinstance(value, datetime.datetime):
            if isinstance(value, datetime.date):
                value = datetime.datetime(value.year, value.month, value.day)
            else:
                value = self._parsed(str(value).strip())
        return self._aware(value)

    def _parsed(self, value):
        try:
            found = parse_datetime(value)
        except ValueError:
            raise self.error("invalid") from None
        return found or self._from_formats(value)

    def _aware(self, value):
        from django.conf import settings

        if not settings.USE_TZ or timezone.is_aware(value):
            return value
        zone = timezone.get_current_timezone()
        made = timezone.make_aware(value, zone)
        # A moment that the clocks skip, or show twice, is no moment.
        if made.utcoffset() != made.replace(fold=not made.fold).utcoffset():
            raise ValidationError(
                _(
                    "%(datetime)s couldn’t be interpreted in time zone "
                    "%(current_timezone)s; it may be ambiguous or it may not exist."
                ),
                code="ambiguous_timezone",
                params={"datetime": value, "current_timezone": zone},
            )
        return made


class DurationField(Field):
    default_error_messages = {
        "invalid": _("Enter a valid duration."),
        "overflow": _("The number of days must be between {min_days} and {max_days}."),
    }

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if isinstance(value, datetime.timedelta):
            return value
        try:
            value = parse_duration(str(value))
        except OverflowError:
            days = datetime.timedelta.min.days, datetime.timedelta.max.days
            text = self.error_messages["overflow"].format(
                min_days=days[0], max_days=days[1]
            )
            raise ValidationError(text, code="overflow") from None
        if value is None:
            raise self.error("invalid")
        return value


class RegexField(CharField):
    def __init__(self, regex, **kwargs):
        kwargs.setdefault("strip", False)
        super().__init__(**kwargs)
        self.regex = re.compile(regex) if isinstance(regex, str) else regex
        self.validators.append(validators.RegexValidator(regex=self.regex))


class EmailField(CharField):
    widget = widgets.EmailInput
    default_validators = [validators.validate_email]

    def __init__(self, **kwargs):
        kwargs.setdefault("max_length", 320)
        super().__init__(strip=True, **kwargs)


class SlugField(CharField):
    default_validators = [validators.validate_slug]

    def __init__(self, *, allow_unicode=False, **kwargs):
        self.allow_unicode = allow_unicode
        if allow_unicode:
            self.default_validators = [validators.validate_unicode_slug]
        super().__init__(**kwargs)


class URLField(CharField):
    widget = widgets.URLInput
    default_validators = [validators.URLValidator()]
    default_error_messages = {"invalid": _("Enter a valid URL.")}

    def __init__(self, *, assume_scheme="https", **kwargs):
        self.assume_scheme = assume_scheme
        super().__init__(strip=True, **kwargs)

    def to_python(self, value):
        value = super().to_python(value)
        if value and "://" not in value:
            value = f"{self.assume_scheme}://{value}"
        return value


class GenericIPAddressField(CharField):
    def __init__(self, *, protocol="both", unpack_ipv4=False, **kwargs):
        self.unpack_ipv4 = unpack_ipv4
        version = {"both": "46", "ipv4": "4", "ipv6": "6"}[protocol.lower()]
        name = f"validate_ipv{version}_address"
        self.default_validators = [getattr(validators, name)]
        kwargs.setdefault("max_length", 39)
        super().__init__(**kwargs)


class UUIDField(CharField):
    default_error_messages = {"invalid": _("Enter a valid UUID.")}

    def to_python(self, value):
        value = super().to_python(value)
        if value in self.empty_values:
            return None
        try:
            return uuid.UUID(str(value))
        except ValueError:
            raise self.error("invalid") from None


class BooleanField(Field):
    widget = widgets.CheckboxInput

    def to_python(self, value):
        if isinstance(value, str) and value.lower() in ("false", "0"):
            return False
        return bool(value)

    def validate(self, value):
        if not value and self.required:
            raise self.error("required")

    def has_changed(self, initial, data):
        return not self.disabled and self.to_python(initial) != self.to_python(data)


class NullBooleanField(BooleanField):
    widget = widgets.NullBooleanSelect

    def to_python(self, value):
        if value in (True, "True", "true", "1"):
            return True
        return False if value in (False, "False", "false", "0") else None

    def validate(self, value):
        pass


class JSONString(str):
    """A text that JSON has read already."""


class JSONField(CharField):
    widget = widgets.Textarea
    default_error_messages = {"invalid": _("Enter a valid JSON.")}

    def __init__(self, encoder=None, decoder=None, **kwargs):
        self.encoder, self.decoder = encoder, decoder
        super().__init__(**kwargs)

    def to_python(self, value):
        if self.disabled:
            return value
        if value in self.empty_values:
            return None
        if isinstance(value, list | dict | int | float | JSONString):
            return value
        try:
            found = json.loads(value, cls=self.decoder)
        except json.JSONDecodeError:
            raise self.error("invalid", value=value) from None
        return JSONString(found) if isinstance(found, str) else found

    def bound_data(self, data, initial):
        if self.disabled:
            return initial
        try:
            return None if data is None else json.loads(data, cls=self.decoder)
        except json.JSONDecodeError:
            return data

    def prepare_value(self, value):
        return json.dumps(value, ensure_ascii=False, cls=self.encoder)


class FileField(Field):
    widget = widgets.ClearableFileInput
    default_error_messages = {
        "invalid": _("No file was submitted. Check the encoding type on the form."),
        "empty": _("The submitted file is empty."),
    }

    def __init__(self, *, max_length=None, allow_empty_file=False, **kwargs):
        self.max_length, self.allow_empty_file = max_length, allow_empty_file
        super().__init__(**kwargs)

    def to_python(self, data):
        if data in self.empty_values:
            return None
        if not hasattr(data, "name") or not hasattr(data, "size"):
            raise self.error("invalid")
        if not self.allow_empty_file and not data.size:
            raise self.error("empty")
        return data

    def clean(self, data, initial=None):
        return initial if not data and initial else super().clean(data)


class ImageField(FileField):
    """A file that should be a picture; reading it takes Pillow."""

    def to_python(self, data):
        data = super().to_python(data)
        if data is not None:
            raise NotImplementedError("pictures in forms")
        return None


class FilePathField(Field):
    widget = widgets.Select

    def __init__(self, path, *, match=None, recursive=False, **kwargs):
        self.path, self.match, self.recursive = path, match, recursive
        self.allow_files = kwargs.pop("allow_files", True)
        self.allow_folders = kwargs.pop("allow_folders", False)
        super().__init__(**kwargs)


class SplitDateTimeField(Field):
    widget = widgets.SplitDateTimeWidget

    def clean(self, value):
        date, time = (DateField().clean(value[0]), TimeField().clean(value[1]))
        return DateTimeField().to_python(datetime.datetime.combine(date, time))
