"""Several forms of one kind at once: ``formset_factory()``."""

from django.core.exceptions import ValidationError
from django.forms.fields import BooleanField, IntegerField
from django.forms.forms import ErrorList, Form
from django.forms.widgets import CheckboxInput, HiddenInput, NumberInput
from django.utils.functional import cached_property

TOTAL_FORM_COUNT = "TOTAL_FORMS"
INITIAL_FORM_COUNT = "INITIAL_FORMS"
MIN_NUM_FORM_COUNT = "MIN_NUM_FORMS"
MAX_NUM_FORM_COUNT = "MAX_NUM_FORMS"
ORDERING_FIELD_NAME = "ORDER"
DELETION_FIELD_NAME = "DELETE"
DEFAULT_MIN_NUM = 0
DEFAULT_MAX_NUM = 1000


class ManagementForm(Form):
    """How many forms were sent, and how many of them were there before."""

    TOTAL_FORMS = IntegerField(widget=HiddenInput)
    INITIAL_FORMS = IntegerField(widget=HiddenInput)
    MIN_NUM_FORMS = IntegerField(required=False, widget=HiddenInput)
    MAX_NUM_FORMS = IntegerField(required=False, widget=HiddenInput)

    def clean(self):
        counts = super().clean()
        for name in (TOTAL_FORM_COUNT, INITIAL_FORM_COUNT):
            counts.setdefault(name, 0)
        return counts


class BaseFormSet:
    """A list of forms over the same data, each under a prefix of its own."""

    deletion_widget = CheckboxInput
    ordering_widget = NumberInput
    default_error_messages = {
        "missing_management_form": (
            "ManagementForm data is missing or has been tampered with. Missing fields: "
            "%(field_names)s. You may need to file a bug report if the issue persists."
        ),
    }

    def __init__(
        self,
        data=None,
        files=None,
        auto_id="id_%s",
        prefix=None,
        initial=None,
        error_class=ErrorList,
        form_kwargs=None,
        error_messages=None,
    ):
        self.is_bound = data is not None or files is not None
        self.prefix = prefix or self.get_default_prefix()
        self.data = data or {}
        self.files = files or {}
        self.auto_id = auto_id
        self.initial = initial
        self.error_class = error_class
        self.form_kwargs = form_kwargs or {}
        self.error_messages = self.default_error_messages | (error_messages or {})
        self._errors = None

    def __iter__(self):
        return iter(self.forms)

    def __getitem__(self, index):
        return self.forms[index]

    def __len__(self):
        return len(self.forms)

    def __bool__(self):
        return True

    @classmethod
    def get_default_prefix(cls):
        return "form"

    def add_prefix(self, index):
        return f"{self.prefix}-{index}"

    def get_form_kwargs(self, index):
        return dict(self.form_kwargs)

    @cached_property
    def management_form(self):
        if self.is_bound:
            form = ManagementForm(self.data, prefix=self.prefix)
            form.full_clean()
            return form
        counts = {
            TOTAL_FORM_COUNT: self.total_form_count(),
            INITIAL_FORM_COUNT: self.initial_form_count(),
            MIN_NUM_FORM_COUNT: self.min_num,
            MAX_NUM_FORM_COUNT: self.max_num,
        }
        return ManagementForm(prefix=self.prefix, initial=counts)

    def total_form_count(self):
        if self.is_bound:
            # Whoever sends the data must not make us build any number of forms.
            sent = self.management_form.cleaned_data[TOTAL_FORM_COUNT]
            return min(sent, self.absolute_max)
        there = self.initial_form_count()
        if there > self.max_num >= 0:
            return there
        wanted = max(there, self.min_num) + self.extra
        return min(wanted, self.max_num) if self.max_num >= 0 else wanted

    def initial_form_count(self):
        if self.is_bound:
            return self.management_form.cleaned_data[INITIAL_FORM_COUNT]
        return len(self.initial) if self.initial else 0

    @cached_property
    def forms(self):
        return [
            self._construct_form(i, **self.get_form_kwargs(i))
            for i in range(self.total_form_count())
        ]

    def _construct_form(self, i, **kwargs):
        given = {
            "auto_id": self.auto_id,
            "prefix": self.add_prefix(i),
            "error_class": self.error_class,
        }
        if self.is_bound:
            given |= {"data": self.data, "files": self.files}
        if self.initial and "initial" not in kwargs and i < len(self.initial):
            given["initial"] = self.initial[i]
        given["empty_permitted"] = i >= max(self.initial_form_count(), self.min_num)
        form = self.form(**(given | kwargs))
        self.add_fields(form, i)
        return form

    @property
    def initial_forms(self):
        return self.forms[: self.initial_form_count()]

    @property
    def extra_forms(self):
        return self.forms[self.initial_form_count() :]

    def add_fields(self, form, index):
        """The place and the mark for deletion of each form."""
        there = index is not None and index < self.initial_form_count()
        if self.can_order:
            form.fields[ORDERING_FIELD_NAME] = IntegerField(
                label="Order",
                initial=index + 1 if there else None,
                required=False,
                widget=self.ordering_widget,
            )
        if self.can_delete and (self.can_delete_extra or there):
            form.fields[DELETION_FIELD_NAME] = BooleanField(
                label="Delete", required=False, widget=self.deletion_widget
            )

    def _should_delete_form(self, form):
        return form.cleaned_data.get(DELETION_FIELD_NAME, False)

    def _is_new_and_untouched(self, index, form):
        return index >= self.initial_form_count() and not form.has_changed()

    @property
    def deleted_forms(self):
        if not self.can_delete or not self.is_valid():
            return []
        return [
            form
            for i, form in enumerate(self.forms)
            if not self._is_new_and_untouched(i, form) and self._should_delete_form(form)
        ]

    @property
    def ordered_forms(self):
        if not self.can_order or not self.is_valid():
            raise AttributeError(
                f"'{type(self).__name__}' object has no attribute 'ordered_forms'"
            )
        kept = [
            form
            for i, form in enumerate(self.forms)
            if not self._is_new_and_untouched(i, form)
            and not (self.can_delete and self._should_delete_form(form))
        ]

        def place(form):
            order = form.cleaned_data[ORDERING_FIELD_NAME]
            # Those without a place come last.
            return order is None, order or 0

        return sorted(kept, key=place)

    @property
    def cleaned_data(self):
        if not self.is_valid():
            raise AttributeError(
                f"'{type(self).__name__}' object has no attribute 'cleaned_data'"
            )
        return [form.cleaned_data for form in self.forms]

    @property
    def errors(self):
        if self._errors is None:
            self.full_clean()
        return self._errors

    def non_form_errors(self):
        if self._errors is None:
            self.full_clean()
        return self._non_form_errors

    def total_error_count(self):
        return len(self.non_form_errors()) + sum(map(len, self.errors))

    def is_valid(self):
        if not self.is_bound:
            return False
        self.errors
        judged = [
            form
            for form in self.forms
            if not (self.can_delete and self._should_delete_form(form))
        ]
        return all([form.is_valid() for form in judged]) and not self.non_form_errors()

    def has_changed(self):
        return any(form.has_changed() for form in self)

    def full_clean(self):
        self._errors = []
        self._non_form_errors = self.error_class()
        if not self.is_bound:
            return
        counts = self.management_form
        wrong = []
        if not counts.is_valid():
            names = ", ".join(counts.add_prefix(name) for name in counts.errors)
            text = self.error_messages["missing_management_form"]
            params = {"field_names": names}
            wrong.append(ValidationError(text, "missing_management_form", params))
        untouched = 0
        for i, form in enumerate(self.forms):
            untouched += self._is_new_and_untouched(i, form)
            found = form.errors
            if not (self.can_delete and self._should_delete_form(form)):
                self._errors.append(found)
        try:
            self._judge_counts(untouched)
            self.clean()
        except ValidationError as e:
            wrong.extend(e.error_list)
        self._non_form_errors = self.error_class(wrong)

    def _judge_counts(self, untouched):
        deleted = sum(
            bool(form.is_valid() and self._should_delete_form(form))
            for form in self.forms
            if self.can_delete
        )
        left = self.total_form_count() - deleted
        sent = self.management_form.cleaned_data[TOTAL_FORM_COUNT]
        if self.validate_max and left > self.max_num or sent > self.absolute_max:
            self._refuse("most", self.max_num, "too_many_forms")
        if self.validate_min and left - untouched < self.min_num:
            self._refuse("least", self.min_num, "too_few_forms")

    def _refuse(self, word, number, code):
        noun = "form" if number == 1 else "forms"
        raise ValidationError(f"Please submit at {word} {number} {noun}.", code=code)

    def clean(self):
        """What a formset's user adds."""


def formset_factory(
    form,
    formset=BaseFormSet,
    extra=1,
    can_order=False,
    can_delete=False,
    max_num=None,
    validate_max=False,
    min_num=None,
    validate_min=False,
    absolute_max=None,
    can_delete_extra=True,
):
    """A formset class for a form class."""
    max_num = DEFAULT_MAX_NUM if max_num is None else max_num
    if absolute_max is None:
        absolute_max = max_num + DEFAULT_MAX_NUM
    if max_num > absolute_max:
        raise ValueError("'absolute_max' must be greater or equal to 'max_num'.")
    attrs = {
        "form": form,
        "extra": extra,
        "can_order": can_order,
        "can_delete": can_delete,
        "can_delete_extra": can_delete_extra,
        "min_num": DEFAULT_MIN_NUM if min_num is None else min_num,
        "max_num": max_num,
        "absolute_max": absolute_max,
        "validate_min": validate_min,
        "validate_max": validate_max,
    }
    return type(f"{form.__name__}FormSet", (formset,), attrs)


def all_valid(formsets):
    """Whether all of them are valid; every one is judged."""
    return all([formset.is_valid() for formset in formsets])
