"""``Form``: named fields, data, errors."""

import copy

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.fields import Field, FileField


class ErrorList(list):
    """The messages of one field."""

    def as_data(self):
        return [one for e in self.data for one in e.error_list]

    def __init__(self, errors=()):
        self.data = list(errors)
        super().__init__(m for e in self.data for m in ValidationError(e).messages)


class ErrorDict(dict):
    """The errors of a form, by field."""

    def as_data(self):
        return {name: errors.as_data() for name, errors in self.items()}


class BoundField:
    """A field of a form, with the form's data."""

    def __init__(self, form, field, name):
        self.form = form
        self.field = field
        self.name = name
        self.html_name = form.add_prefix(name)
        self.help_text = field.help_text or ""

    @property
    def initial(self):
        return self.form.get_initial_for_field(self.field, self.name)

    @property
    def data(self):
        return self.form._value_of(self.name, self.field)

    @property
    def errors(self):
        return self.form.errors.get(self.name, ErrorList())

    @property
    def is_hidden(self):
        return self.field.widget.is_hidden

    def value(self):
        value = self.initial
        if self.form.is_bound:
            value = self.field.bound_data(self.data, value)
        return self.field.prepare_value(value)

    def __str__(self):
        raise NotImplementedError("rendering forms")


class DeclarativeFieldsMetaclass(type):
    """Collects the fields that a form's body declares."""

    def __new__(mcs, name, bases, attrs):
        own = {key: value for key, value in attrs.items() if isinstance(value, Field)}
        rest = {key: value for key, value in attrs.items() if key not in own}
        made = super().__new__(mcs, name, bases, rest)
        fields = {}
        for parent in reversed(made.__mro__[1:]):
            fields |= parent.__dict__.get("declared_fields", {})
            for key, value in parent.__dict__.items():
                if value is None:
                    fields.pop(key, None)
        made.declared_fields = made.base_fields = fields | own
        return made


class BaseForm:
    """Data against fields."""

    prefix = None

    def __init__(
        self,
        data=None,
        files=None,
        auto_id="id_%s",
        prefix=None,
        initial=None,
        error_class=ErrorList,
        label_suffix=None,
        empty_permitted=False,
        field_order=None,
        use_required_attribute=None,
        renderer=None,
    ):
        self.is_bound = data is not None or files is not None
        self.data = {} if data is None else data
        self.files = {} if files is None else files
        self.prefix = self.prefix if prefix is None else prefix
        self.initial = initial or {}
        self.empty_permitted = empty_permitted
        self.fields = copy.deepcopy(self.base_fields)
        self._errors = None

    def __getitem__(self, name):
        try:
            return BoundField(self, self.fields[name], name)
        except KeyError:
            names = ", ".join(sorted(self.fields))
            raise KeyError(
                f"Key '{name}' not found in '{type(self).__name__}'. Choices are: {names}."
            )

    def __iter__(self):
        raise NotImplementedError("rendering forms")

    __str__ = __iter__

    @property
    def errors(self):
        if self._errors is None:
            self.full_clean()
        return self._errors

    def is_valid(self):
        return self.is_bound and not self.errors

    def add_prefix(self, field_name):
        return f"{self.prefix}-{field_name}" if self.prefix else field_name

    def get_initial_for_field(self, field, field_name):
        value = self.initial.get(field_name, field.initial)
        return value() if callable(value) else value

    def _value_of(self, name, field):
        if field.disabled:
            return self.get_initial_for_field(field, name)
        sent = self.add_prefix(name)
        return field.widget.value_from_datadict(self.data, self.files, sent)

    def non_field_errors(self):
        return self.errors.get(NON_FIELD_ERRORS, ErrorList())

    def add_error(self, field, error):
        """Adds an error to a field, or a dictionary of them to several."""
        if not isinstance(error, ValidationError):
            error = ValidationError(error)
        if hasattr(error, "error_dict"):
            if field is not None:
                raise TypeError(
                    "The argument `field` must be `None` when the `error` "
                    "argument contains errors for multiple fields."
                )
            found = error.error_dict
        else:
            found = {field or NON_FIELD_ERRORS: error.error_list}
        for name, errors in found.items():
            if name != NON_FIELD_ERRORS and name not in self.fields:
                raise ValueError(
                    f"'{type(self).__name__}' has no field named '{name}'."
                )
            before = self._errors[name].data if name in self._errors else []
            self._errors[name] = ErrorList([*before, *errors])
            self.cleaned_data.pop(name, None)

    def has_error(self, field, code=None):
        found = self.errors.get(field, ())
        if code is None:
            return bool(found)
        return any(e.code == code for e in found.as_data()) if found else False

    def has_changed(self):
        return bool(self.changed_data)

    @property
    def changed_data(self):
        return [
            name
            for name, field in self.fields.items()
            if field.has_changed(
                self.get_initial_for_field(field, name), self._value_of(name, field)
            )
        ]

    def full_clean(self):
        self._errors = ErrorDict()
        if not self.is_bound:
            return
        self.cleaned_data = {}
        if self.empty_permitted and not self.has_changed():
            return
        self._clean_fields()
        self._clean_form()
        self._post_clean()

    def _clean_fields(self):
        for name, field in self.fields.items():
            try:
                value = self._value_of(name, field)
                if isinstance(field, FileField):
                    value = field.clean(value, self.get_initial_for_field(field, name))
                else:
                    value = field.clean(value)
                self.cleaned_data[name] = value
                if hasattr(self, f"clean_{name}"):
                    self.cleaned_data[name] = getattr(self, f"clean_{name}")()
            except ValidationError as e:
                self.add_error(name, e)

    def _clean_form(self):
        try:
            cleaned = self.clean()
        except ValidationError as e:
            self.add_error(None, e)
        else:
            if cleaned is not None:
                self.cleaned_data = cleaned

    def _post_clean(self):
        """What a form of a model adds."""

    def clean(self):
        return self.cleaned_data


class Form(BaseForm, metaclass=DeclarativeFieldsMetaclass):
    """A form whose fields its class declares."""
