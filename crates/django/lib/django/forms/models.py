"""Forms made of models."""

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    FieldError,
    ImproperlyConfigured,
    ValidationError,
)
from django.forms import widgets
from django.forms.choices import ChoiceField
from django.forms.fields import Field
from django.forms.forms import BaseForm, DeclarativeFieldsMetaclass
from django.utils.translation import gettext_lazy as _

ALL_FIELDS = "__all__"


class ModelChoiceField(ChoiceField):
    """One row of a queryset."""

    default_error_messages = {
        "invalid_choice": _(
            "Select a valid choice. That choice is not one of the available choices."
        )
    }

    def __init__(
        self, queryset, *, empty_label="---------", to_field_name=None, blank=False, **kw
    ):
        kw.pop("limit_choices_to", None)
        Field.__init__(self, **kw)
        self.empty_label = None if self.required and kw.get("initial") else empty_label
        self.to_field_name = to_field_name
        self.queryset = queryset

    def __deepcopy__(self, memo):
        made = Field.__deepcopy__(self, memo)
        made.queryset = self.queryset.all()
        return made

    @property
    def choices(self):
        pairs = [(self.prepare_value(row), str(row)) for row in self.queryset.all()]
        return pairs if self.empty_label is None else [("", self.empty_label), *pairs]

    def prepare_value(self, value):
        if hasattr(value, "_meta"):
            return getattr(value, self.to_field_name or "pk")
        return value

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            key = self.to_field_name or "pk"
            return self.queryset.get(**{key: self.prepare_value(value)})
        except (ValueError, TypeError, self.queryset.model.DoesNotExist, ValidationError):
            raise self.error("invalid_choice", value=value) from None

    def validate(self, value):
        return Field.validate(self, value)


class ModelMultipleChoiceField(ModelChoiceField):
    """Some rows of a queryset."""

    widget = widgets.SelectMultiple
    default_error_messages = {
        "invalid_list": _("Enter a list of values."),
        "invalid_choice": _(
            "Select a valid choice. %(value)s is not one of the available choices."
        ),
        "invalid_pk_value": _("“%(pk)s” is not a valid value."),
    }

    def __init__(self, queryset, **kwargs):
        super().__init__(queryset, empty_label=None, **kwargs)

    def clean(self, value):
        value = self.prepare_value(value)
        if not value:
            if self.required:
                raise self.error("required")
            return self.queryset.none()
        if not isinstance(value, list | tuple):
            raise self.error("invalid_list")
        key = self.to_field_name or "pk"
        for one in value:
            try:
                self.queryset.filter(**{key: one})
            except (ValueError, TypeError, ValidationError):
                raise self.error("invalid_pk_value", pk=one) from None
        found = self.queryset.filter(**{f"{key}__in": value})
        known = {str(getattr(row, key)) for row in found}
        for one in value:
            if str(one) not in known:
                raise self.error("invalid_choice", value=one)
        self.run_validators(value)
        return found

    def prepare_value(self, value):
        if isinstance(value, str) or hasattr(value, "_meta"):
            return super().prepare_value(value)
        if hasattr(value, "__iter__"):
            return [super(ModelMultipleChoiceField, self).prepare_value(v) for v in value]
        return super().prepare_value(value)


class ModelFormOptions:
    """What a form's ``Meta`` says."""

    def __init__(self, options=None):
        for name in ("model", "fields", "exclude", "widgets", "localized_fields"):
            setattr(self, name, getattr(options, name, None))
        for name in ("labels", "help_texts", "error_messages", "field_classes"):
            setattr(self, name, getattr(options, name, None))
        self.formfield_callback = getattr(options, "formfield_callback", None)


def fields_for_model(model, options):
    """The form fields of a model's fields, as the options choose them."""
    found = {}
    meta = model._meta
    for field in [*meta.concrete_fields, *meta.private_fields, *meta.many_to_many]:
        name = field.name
        chosen = options.fields is None or name in options.fields
        if not getattr(field, "editable", False):
            if options.fields is not None and chosen:
                raise FieldError(
                    f"'{name}' cannot be specified for {model.__name__} model form as it "
                    "is a non-editable field"
                )
            continue
        if not chosen or (options.exclude and name in options.exclude):
            continue
        given = {}
        for key, told in (
            ("widget", options.widgets),
            ("label", options.labels),
            ("help_text", options.help_texts),
            ("error_messages", options.error_messages),
            ("form_class", options.field_classes),
        ):
            if told and name in told:
                given[key] = told[name]
        callback = options.formfield_callback
        made = callback(field, **given) if callback else field.formfield(**given)
        if made is not None:
            found[name] = made
    if options.fields:
        return {name: found.get(name) for name in options.fields}
    return found


class ModelFormMetaclass(DeclarativeFieldsMetaclass):
    """Adds the model's fields to those declared."""

    def __new__(mcs, name, bases, attrs):
        made = super().__new__(mcs, name, bases, attrs)
        options = made._meta = ModelFormOptions(getattr(made, "Meta", None))
        if options.model is None:
            return made
        if options.fields is None and options.exclude is None:
            raise ImproperlyConfigured(
                "Creating a ModelForm without either the 'fields' attribute or the "
                f"'exclude' attribute is prohibited; form {name} needs updating."
            )
        if options.fields == ALL_FIELDS:
            options.fields = None
        fields = fields_for_model(options.model, options)
        missing = {key for key, value in fields.items() if value is None}
        missing -= set(made.declared_fields)
        if missing:
            raise FieldError(
                f"Unknown field(s) ({', '.join(sorted(missing))}) specified for "
                f"{options.model.__name__}"
            )
        made.base_fields = fields | made.declared_fields
        return made


def model_to_dict(instance, fields=None, exclude=None):
    """The values of a row that forms may edit."""
    meta = instance._meta
    found = {}
    for field in [*meta.concrete_fields, *meta.private_fields, *meta.many_to_many]:
        name = field.name
        if not getattr(field, "editable", False):
            continue
        if fields is not None and name not in fields or exclude and name in exclude:
            continue
        found[name] = field.value_from_object(instance)
    return found


def construct_instance(form, instance, fields=None, exclude=None):
    """Writes a form's cleaned data into a row, unsaved."""
    from django.db.models import AutoField

    files = []
    for field in instance._meta.fields:
        name = field.name
        if not field.editable or name not in form.cleaned_data:
            continue
        if isinstance(field, AutoField):
            continue
        if fields is not None and name not in fields or exclude and name in exclude:
            continue
        value = form.cleaned_data[name]
        widget = form.fields[name].widget
        omitted = widget.value_omitted_from_data(
            form.data, form.files, form.add_prefix(name)
        )
        if field.has_default() and omitted and value in form.fields[name].empty_values:
            continue
        if hasattr(field, "upload_to"):
            files.append((field, value))
        else:
            field.save_form_data(instance, value)
    # A file's folder may depend on the other values.
    for field, value in files:
        field.save_form_data(instance, value)
    return instance


class BaseModelForm(BaseForm):
    """A form that edits a row."""

    def __init__(self, data=None, files=None, *args, instance=None, **kwargs):
        options = self._meta
        if options.model is None:
            raise ValueError("ModelForm has no model class specified.")
        initial = kwargs.pop("initial", None)
        self.instance = options.model() if instance is None else instance
        values = (
            {}
            if instance is None
            else model_to_dict(instance, options.fields, options.exclude)
        )
        values |= initial or {}
        self._validate_unique = False
        super().__init__(data, files, *args, initial=values, **kwargs)

    def _get_validation_exclusions(self):
        exclude = set()
        for field in self.instance._meta.fields:
            name, options = field.name, self._meta
            if name not in self.fields or name in self._errors:
                exclude.add(name)
            elif options.fields and name not in options.fields:
                exclude.add(name)
            elif options.exclude and name in options.exclude:
                exclude.add(name)
            else:
                form_field = self.fields[name]
                empty = self.cleaned_data.get(name) in form_field.empty_values
                if not field.blank and not form_field.required and empty:
                    exclude.add(name)
        return exclude

    def clean(self):
        self._validate_unique = True
        return self.cleaned_data

    def _post_clean(self):
        options = self._meta
        exclude = self._get_validation_exclusions()
        try:
            construct_instance(self, self.instance, options.fields, options.exclude)
        except ValidationError as e:
            self._update_errors(e)
        try:
            self.instance.full_clean(
                exclude=exclude, validate_unique=False, validate_constraints=False
            )
        except ValidationError as e:
            self._update_errors(e)
        if self._validate_unique:
            for check in (self.validate_unique, self.validate_constraints):
                check()

    def _update_errors(self, errors):
        self.add_error(None, self._worded(errors))

    def _worded(self, errors):
        # A form's own words for an error go before a model's.
        if hasattr(errors, "error_dict"):
            for name, found in errors.error_dict.items():
                if name == NON_FIELD_ERRORS or name not in self.fields:
                    continue
                words = self.fields[name].error_messages
                for error in found:
                    if error.code in words:
                        error.message = words[error.code]
        return errors

    def validate_unique(self):
        try:
            self.instance.validate_unique(exclude=self._get_validation_exclusions())
        except ValidationError as e:
            self._update_errors(e)

    def validate_constraints(self):
        try:
            self.instance.validate_constraints(exclude=self._get_validation_exclusions())
        except ValidationError as e:
            self._update_errors(e)

    def _save_m2m(self):
        options = self._meta
        meta = self.instance._meta
        for field in [*meta.many_to_many, *meta.private_fields]:
            if not hasattr(field, "save_form_data") or field.name not in self.cleaned_data:
                continue
            if options.fields and field.name not in options.fields:
                continue
            if options.exclude and field.name in options.exclude:
                continue
            field.save_form_data(self.instance, self.cleaned_data[field.name])

    def save(self, commit=True):
        """Saves the row, and (when it is saved) its many-to-many relations."""
        if self.errors:
            done = "created" if self.instance._state.adding else "changed"
            raise ValueError(
                f"The {self.instance._meta.object_name} could not be {done} because the "
                "data didn't validate."
            )
        if commit:
            self.instance.save()
            self._save_m2m()
        else:
            self.save_m2m = self._save_m2m
        return self.instance

    save.alters_data = True


class ModelForm(BaseModelForm, metaclass=ModelFormMetaclass):
    """A form whose fields are a model's."""


def modelform_factory(model, form=ModelForm, fields=None, exclude=None, **options):
    """A ``ModelForm`` class for a model."""
    given = {"model": model}
    if fields is not None:
        given["fields"] = fields
    if exclude is not None:
        given["exclude"] = exclude
    given |= {name: value for name, value in options.items() if value is not None}
    parents = (form.Meta,) if hasattr(form, "Meta") else ()
    meta = type("Meta", parents, given)
    if getattr(meta, "fields", None) is None and getattr(meta, "exclude", None) is None:
        raise ImproperlyConfigured(
            "Calling modelform_factory without defining 'fields' or 'exclude' "
            "explicitly is prohibited."
        )
    return type(form)(f"{model.__name__}Form", (form,), {"Meta": meta})


# Formsets build on the forms above.
from django.forms._modelsets import (  # noqa: E402, F401
    BaseModelFormSet,
    modelformset_factory,
)
