"""Forms, as far as they judge data: fields that clean values, and forms of models.

They are not drawn: rendering one raises ``NotImplementedError``.
"""

from django.core.exceptions import ValidationError
from django.forms.choices import (
    ChoiceField,
    MultipleChoiceField,
    TypedChoiceField,
    TypedMultipleChoiceField,
)
from django.forms.fields import (
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    DecimalField,
    DurationField,
    EmailField,
    Field,
    FileField,
    FilePathField,
    FloatField,
    GenericIPAddressField,
    ImageField,
    IntegerField,
    JSONField,
    NullBooleanField,
    RegexField,
    SlugField,
    SplitDateTimeField,
    TimeField,
    URLField,
    UUIDField,
)
from django.forms.forms import BaseForm, Form
from django.forms.formsets import BaseFormSet, all_valid, formset_factory
from django.forms.models import (
    BaseModelForm,
    BaseModelFormSet,
    ModelChoiceField,
    ModelForm,
    ModelMultipleChoiceField,
    modelform_factory,
    modelformset_factory,
)
from django.forms.widgets import (
    CheckboxInput,
    ClearableFileInput,
    DateInput,
    DateTimeInput,
    EmailInput,
    FileInput,
    HiddenInput,
    Input,
    MultipleHiddenInput,
    NullBooleanSelect,
    NumberInput,
    RadioSelect,
    Select,
    SelectMultiple,
    Textarea,
    TextInput,
    TimeInput,
    URLInput,
    Widget,
)

__all__ = [name for name in dir() if name[0].isupper()]
__all__ += ["all_valid", "formset_factory", "modelform_factory", "modelformset_factory"]
