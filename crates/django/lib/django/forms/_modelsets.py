"""Formsets that edit the rows of a queryset: ``modelformset_factory()``."""

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.forms.formsets import BaseFormSet, formset_factory
from django.forms.models import ModelChoiceField, ModelForm, modelform_factory
from django.forms.widgets import HiddenInput


def _is_chosen_by_user(pk):
    """Whether a form of the model shows the key."""
    from django.db.models import AutoField

    if not pk.editable or pk.auto_created or isinstance(pk, AutoField):
        return False
    link = pk.remote_field
    if link and link.parent_link:
        return _is_chosen_by_user(link.model._meta.pk)
    return True


class BaseModelFormSet(BaseFormSet):
    model = None
    edit_only = False

    def __init__(
        self,
        data=None,
        files=None,
        auto_id="id_%s",
        prefix=None,
        queryset=None,
        *,
        initial=None,
        **kwargs,
    ):
        self.queryset = queryset
        # What is given in advance is for the forms of new rows.
        self.initial_extra = initial
        super().__init__(data, files, auto_id=auto_id, prefix=prefix, **kwargs)

    def get_queryset(self):
        found = self.__dict__.get("_queryset")
        if found is None:
            found = self.queryset
            if found is None:
                found = self.model._default_manager.get_queryset()
            if not found.ordered:
                found = found.order_by(self.model._meta.pk.name)
            self._queryset = found
        return found

    def initial_form_count(self):
        if self.is_bound:
            return super().initial_form_count()
        return len(self.get_queryset())

    def _row_of(self, index):
        """The row that a sent form is about."""
        pk = self.model._meta.pk
        sent = self.data.get(f"{self.add_prefix(index)}-{pk.name}")
        key = pk
        while key.remote_field is not None:
            key = key.remote_field.get_related_field()
        try:
            sent = key.to_python(sent)
        except ValidationError:
            return None
        return next((row for row in self.get_queryset() if row.pk == sent), None)

    def _construct_form(self, i, **kwargs):
        there = self.initial_form_count()
        if i < there:
            row = self._row_of(i) if self.is_bound else self.get_queryset()[i]
            if row is not None:
                kwargs["instance"] = row
        elif self.initial_extra and i - there < len(self.initial_extra):
            kwargs["initial"] = self.initial_extra[i - there]
        form = super()._construct_form(i, **kwargs)
        if i < there:
            form.fields[self.model._meta.pk.name].required = True
        return form

    def add_fields(self, form, index):
        pk = self._pk_field = self.model._meta.pk
        if not _is_chosen_by_user(pk) or pk.name not in form.fields:
            to = pk.remote_field.model if pk.remote_field else self.model
            rows = to._default_manager.get_queryset().using(form.instance._state.db)
            known = form.instance
            form.fields[pk.name] = ModelChoiceField(
                rows,
                initial=None if known._state.adding else known.pk,
                required=False,
                widget=(form._meta.widgets or {}).get(pk.name, HiddenInput),
            )
        super().add_fields(form, index)

    def clean(self):
        self.validate_unique()

    def validate_unique(self):
        """No two of the forms may hold the same value where rows may not."""
        judged = [
            form
            for form in self.forms
            if form.is_valid() and not (self.can_delete and self._should_delete_form(form))
        ]
        checks = set()
        for form in judged:
            exclude = form._get_validation_exclusions()
            unique, dates = form.instance._get_unique_checks(
                exclude=exclude, include_meta_constraints=True
            )
            if dates:
                raise NotImplementedError("unique_for_date across the forms of a formset")
            checks.update(fields for _, fields in unique)
        wrong = []
        for fields in checks:
            seen = set()
            for form in judged:
                values = tuple(
                    getattr(value, "pk", value)
                    for value in map(form.cleaned_data.get, fields)
                )
                if not form.cleaned_data or None in values:
                    continue
                if values not in seen:
                    seen.add(values)
                    continue
                wrong.append(ValidationError(self.get_unique_error_message(fields)))
                form.add_error(None, self.get_form_error())
                for name in fields:
                    form.cleaned_data.pop(name, None)
        if wrong:
            raise ValidationError(wrong)

    def get_unique_error_message(self, unique_check):
        *first, last = unique_check
        if not first:
            return f"Please correct the duplicate data for {last}."
        names = ", ".join(first)
        if len(first) > 1:
            names += ","
        return (
            f"Please correct the duplicate data for {names} and {last}, which must be "
            "unique."
        )

    def get_form_error(self):
        return "Please correct the duplicate values below."

    def save_new(self, form, commit=True):
        return form.save(commit=commit)

    def save_existing(self, form, obj, commit=True):
        return form.save(commit=commit)

    def delete_existing(self, obj, commit=True):
        if commit:
            obj.delete()

    def save(self, commit=True):
        """Saves the rows of all changed forms; returns them."""
        if not commit:
            self.saved_forms = []

            def save_m2m():
                for form in self.saved_forms:
                    form.save_m2m()

            self.save_m2m = save_m2m
        saved = self.save_existing_objects(commit)
        return saved if self.edit_only else saved + self.save_new_objects(commit)

    save.alters_data = True

    def _saved(self, form, row, commit):
        if not commit:
            self.saved_forms.append(form)
        return row

    def save_existing_objects(self, commit=True):
        self.changed_objects, self.deleted_objects = [], []
        saved = []
        doomed = self.deleted_forms
        for form in self.initial_forms:
            row = form.instance
            if row.pk is None:
                # A key was sent that is none of the queryset's.
                continue
            if form in doomed:
                self.deleted_objects.append(row)
                self.delete_existing(row, commit=commit)
            elif form.has_changed():
                self.changed_objects.append((row, form.changed_data))
                row = self.save_existing(form, row, commit=commit)
                saved.append(self._saved(form, row, commit))
        return saved

    def save_new_objects(self, commit=True):
        self.new_objects = []
        for form in self.extra_forms:
            dropped = self.can_delete and self._should_delete_form(form)
            if form.has_changed() and not dropped:
                row = self.save_new(form, commit=commit)
                self.new_objects.append(self._saved(form, row, commit))
        return self.new_objects


_OF_FORMS = (
    "formfield_callback",
    "fields",
    "exclude",
    "widgets",
    "localized_fields",
    "labels",
    "help_texts",
    "error_messages",
    "field_classes",
)


def modelformset_factory(
    model, form=ModelForm, formset=BaseModelFormSet, edit_only=False, **options
):
    """A formset class for the rows of a model."""
    of_form = {name: options.pop(name, None) for name in _OF_FORMS}
    meta = getattr(form, "Meta", None)
    said = [of_form["fields"], of_form["exclude"]]
    said += [getattr(meta, "fields", None), getattr(meta, "exclude", None)]
    if all(choice is None for choice in said):
        raise ImproperlyConfigured(
            "Calling modelformset_factory without defining 'fields' or 'exclude' "
            "explicitly is prohibited."
        )
    form = modelform_factory(model, form=form, **of_form)
    made = formset_factory(form, formset, **options)
    made.model = model
    made.edit_only = edit_only
    return made
