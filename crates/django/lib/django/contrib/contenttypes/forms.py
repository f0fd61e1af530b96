"""Formsets over the rows that a generic key ties to one row."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey
from django.forms import ModelForm
from django.forms.models import BaseModelFormSet, modelformset_factory


class BaseGenericInlineFormSet(BaseModelFormSet):
    def __init__(
        self,
        data=None,
        files=None,
        instance=None,
        save_as_new=False,
        prefix=None,
        queryset=None,
        **kwargs,
    ):
        self.instance = instance
        self.save_as_new = save_as_new
        self.rel_name = self.get_default_prefix()
        if instance is None or not instance._is_pk_set():
            queryset = self.model._default_manager.none()
        else:
            if queryset is None:
                queryset = self.model._default_manager
            owner = {
                self.ct_field.name: self._content_type(),
                self.ct_fk_field.name: instance.pk,
            }
            queryset = queryset.filter(**owner)
        super().__init__(data, files, queryset=queryset, prefix=prefix, **kwargs)

    def _content_type(self):
        return ContentType.objects.get_for_model(
            self.instance, for_concrete_model=self.for_concrete_model
        )

    @classmethod
    def get_default_prefix(cls):
        meta = cls.model._meta
        parts = (meta.app_label, meta.model_name, cls.ct_field.name, cls.ct_fk_field.name)
        return "-".join(parts)

    def initial_form_count(self):
        # Saved as new, none of the forms is about a row that exists.
        return 0 if self.save_as_new else super().initial_form_count()

    def save_new(self, form, commit=True):
        setattr(form.instance, self.ct_field.attname, self._content_type().pk)
        setattr(form.instance, self.ct_fk_field.attname, self.instance.pk)
        return form.save(commit=commit)


def generic_inlineformset_factory(
    model,
    form=ModelForm,
    formset=BaseGenericInlineFormSet,
    ct_field="content_type",
    fk_field="object_id",
    exclude=None,
    extra=3,
    can_delete=True,
    for_concrete_model=True,
    **options,
):
    """A formset class for a model with a generic key."""
    key = model._meta.get_field(ct_field)
    if not isinstance(key, ForeignKey) or key.remote_field.model != ContentType:
        raise Exception(f"fk_name '{key}' is not a ForeignKey to ContentType")
    object_id = model._meta.get_field(fk_field)
    made = modelformset_factory(
        model,
        form=form,
        formset=formset,
        extra=extra,
        can_delete=can_delete,
        exclude=[*(exclude or []), key.name, object_id.name],
        **options,
    )
    made.ct_field = key
    made.ct_fk_field = object_id
    made.for_concrete_model = for_concrete_model
    return made
