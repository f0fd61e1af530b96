"""``ContentType``: a row for each model, so that rows can point to any of them."""

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _


class ContentTypeManager(models.Manager):
    """Remembers each content type it has seen, for each database."""

    use_in_migrations = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._cache = {}

    def _known(self, key):
        return self._cache.get(self.db, {}).get(key)

    def _add_to_cache(self, using, ct):
        known = self._cache.setdefault(using, {})
        known[ct.app_label, ct.model] = ct
        known[ct.id] = ct

    def _remembered(self, ct):
        self._add_to_cache(self.db, ct)
        return ct

    def clear_cache(self):
        self._cache.clear()

    def _get_opts(self, model, for_concrete_model):
        opts = model._meta
        return opts.concrete_model._meta if for_concrete_model else opts

    def get_by_natural_key(self, app_label, model):
        found = self._known((app_label, model))
        if found is None:
            found = self._remembered(self.get(app_label=app_label, model=model))
        return found

    def get_for_id(self, id):
        found = self._known(id)
        return self._remembered(self.get(pk=id)) if found is None else found

    def get_for_model(self, model, for_concrete_model=True):
        opts = self._get_opts(model, for_concrete_model)
        found = self._known((opts.app_label, opts.model_name))
        if found is not None:
            return found
        key = {"app_label": opts.app_label, "model": opts.model_name}
        try:
            # Reading first: routers may send reads and writes to different databases.
            found = self.get(**key)
        except self.model.DoesNotExist:
            found, _created = self.get_or_create(**key)
        return self._remembered(found)

    def get_for_models(self, *models, for_concrete_models=True):
        results = {}
        wanted = {}
        for model in models:
            opts = self._get_opts(model, for_concrete_models)
            key = (opts.app_label, opts.model_name)
            found = self._known(key)
            if found is None:
                wanted.setdefault(key, []).append(model)
            else:
                results[model] = found
        if not wanted:
            return results
        by_app = {}
        for app_label, model_name in wanted:
            by_app.setdefault(app_label, set()).add(model_name)
        condition = _models_of(by_app)
        for ct in self.filter(condition):
            for model in wanted.pop((ct.app_label, ct.model), ()):
                results[model] = ct
            self._add_to_cache(self.db, ct)
        for (app_label, model_name), waiting in wanted.items():
            ct = self._remembered(self.create(app_label=app_label, model=model_name))
            results.update(dict.fromkeys(waiting, ct))
        return results


def _models_of(by_app):
    """The condition that picks some models of some apps."""
    return models.Q(
        *(
            models.Q(("app_label", label), ("model__in", names))
            for label, names in by_app.items()
        ),
        _connector=models.Q.OR,
    )


class ContentType(models.Model):
    """A model, as a row."""

    app_label = models.CharField(max_length=100)
    model = models.CharField(_("python model class name"), max_length=100)

    objects = ContentTypeManager()

    class Meta:
        verbose_name = _("content type")
        verbose_name_plural = _("content types")
        db_table = "django_content_type"
        unique_together = [["app_label", "model"]]

    def __str__(self):
        return self.app_labeled_name

    @property
    def name(self):
        model = self.model_class()
        return str(model._meta.verbose_name) if model else self.model

    @property
    def app_labeled_name(self):
        model = self.model_class()
        if model is None:
            return f"{self.app_label} | {self.model}"
        opts = model._meta
        return f"{opts.app_config.verbose_name} | {opts.verbose_name}"

    def model_class(self):
        """The model, or None once it is gone."""
        try:
            return apps.get_model(self.app_label, self.model)
        except LookupError:
            return None

    def get_object_for_this_type(self, using=None, **kwargs):
        return self.model_class()._base_manager.using(using).get(**kwargs)

    def get_all_objects_for_this_type(self, **kwargs):
        return self.model_class()._base_manager.filter(**kwargs)

    def natural_key(self):
        return (self.app_label, self.model)
