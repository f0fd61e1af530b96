"""The form field that a model's field asks for."""

from django import forms
from django.db import models
from django.utils.text import capfirst

_PLAIN = {
    "BooleanField": "BooleanField",
    "DateField": "DateField",
    "DateTimeField": "DateTimeField",
    "DecimalField": "DecimalField",
    "DurationField": "DurationField",
    "EmailField": "EmailField",
    "FloatField": "FloatField",
    "GenericIPAddressField": "GenericIPAddressField",
    "IntegerField": "IntegerField",
    "JSONField": "JSONField",
    "SlugField": "SlugField",
    "TimeField": "TimeField",
    "URLField": "URLField",
    "UUIDField": "UUIDField",
}
# What stays when a field has choices and so becomes a choice.
_KEPT = (
    "coerce",
    "empty_value",
    "choices",
    "required",
    "widget",
    "label",
    "initial",
    "help_text",
    "error_messages",
    "show_hidden_initial",
    "disabled",
)


def formfield(field, form_class=None, choices_form_class=None, using=None, **kwargs):
    """``Field.formfield()``; ``None`` where a form cannot hold the field."""
    if isinstance(field, models.CompositePrimaryKey | models.GeneratedField):
        return None
    if isinstance(field, models.AutoField | models.BigAutoField | models.SmallAutoField):
        return None
    if isinstance(field, models.BinaryField) and form_class is None:
        return None
    given = {
        "required": not field.blank,
        "label": capfirst(field.verbose_name),
        "help_text": field.help_text,
    }
    if field.has_default():
        given["initial"] = field.default if callable(field.default) else field.get_default()
        given["show_hidden_initial"] = callable(field.default)
    if field.remote_field is not None:
        return _related(field, given, form_class, using, kwargs)
    if field.choices is not None:
        return _choice(field, given, form_class, choices_form_class, kwargs)
    kind, options = _kind(field)
    return (form_class or kind)(**(given | options | kwargs))


def _related(field, given, form_class, using, kwargs):
    many = field.many_to_many
    kind = forms.ModelMultipleChoiceField if many else forms.ModelChoiceField
    given["queryset"] = field.remote_field.model._default_manager.using(using)
    if not many:
        given["to_field_name"] = field.remote_field.field_name
        given["blank"] = field.blank
    given |= kwargs
    if many and given.get("initial") is not None:
        initial = given["initial"]
        initial = initial() if callable(initial) else initial
        given["initial"] = [one.pk for one in initial]
    return (form_class or kind)(**given)


def _choice(field, given, form_class, choices_form_class, kwargs):
    blank = field.blank or not (field.has_default() or "initial" in kwargs)
    if isinstance(field, models.BooleanField):
        blank = not (field.has_default() or "initial" in kwargs)
    given["choices"] = field.get_choices(include_blank=blank)
    given["coerce"] = field.to_python
    if field.null:
        given["empty_value"] = None
    kept = {name: value for name, value in kwargs.items() if name in _KEPT}
    kind = choices_form_class or forms.TypedChoiceField
    return kind(**(given | kept))


def _kind(field):
    options = {}
    if isinstance(field, models.BooleanField):
        if field.null:
            return forms.NullBooleanField, {"required": False}
        # A box without a tick is an answer.
        return forms.BooleanField, {"required": False}
    if isinstance(field, models.TextField):
        options["max_length"] = field.max_length
        options["widget"] = forms.Textarea
        return forms.CharField, options
    if isinstance(field, models.DecimalField):
        options = {"max_digits": field.max_digits, "decimal_places": field.decimal_places}
    elif isinstance(field, models.JSONField):
        options = {"encoder": field.encoder, "decoder": field.decoder}
    elif isinstance(field, models.GenericIPAddressField):
        options = {"protocol": field.protocol}
    elif isinstance(field, models.FilePathField):
        options = {
            "path": field.path() if callable(field.path) else field.path,
            "match": field.match,
            "recursive": field.recursive,
            "allow_files": field.allow_files,
            "allow_folders": field.allow_folders,
        }
        return forms.FilePathField, options
    elif isinstance(field, models.CharField):
        options["max_length"] = field.max_length
        if isinstance(field, models.SlugField):
            options["allow_unicode"] = field.allow_unicode
        if field.null:
            options["empty_value"] = None
    elif isinstance(field, models.IntegerField) and "Positive" in type(field).__name__:
        options["min_value"] = 0
    for parent in type(field).__mro__:
        if parent.__name__ in _PLAIN:
            return getattr(forms, _PLAIN[parent.__name__]), options
    return forms.CharField, options
