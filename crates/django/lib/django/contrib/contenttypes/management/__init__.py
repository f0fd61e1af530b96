"""Content types are kept in step with the models that migrations make and rename."""

import warnings

from django.apps import apps as global_apps
from django.db import DEFAULT_DB_ALIAS, IntegrityError, migrations, router, transaction


class RenameContentType(migrations.RunPython):
    """Follows a ``RenameModel``: the model's content type takes the new name."""

    def __init__(self, app_label, old_model, new_model):
        self.app_label = app_label
        self.old_model = old_model
        self.new_model = new_model
        super().__init__(self.rename_forward, self.rename_backward)

    def rename_forward(self, apps, schema_editor):
        self._rename(apps, schema_editor, self.old_model, self.new_model)

    def rename_backward(self, apps, schema_editor):
        self._rename(apps, schema_editor, self.new_model, self.old_model)

    def _rename(self, apps, schema_editor, old_model, new_model):
        ContentType = apps.get_model("contenttypes", "ContentType")
        using = schema_editor.connection.alias
        if not router.allow_migrate_model(using, ContentType):
            return
        manager = ContentType.objects.db_manager(using)
        try:
            ct = manager.get_by_natural_key(self.app_label, old_model)
        except ContentType.DoesNotExist:
            return
        ct.model = new_model
        try:
            with transaction.atomic(using=using):
                ct.save(using=using, update_fields={"model"})
        except IntegrityError:
            warnings.warn(
                f"Could not rename content type '{self.app_label}.{old_model}' "
                f"to '{new_model}' due to an existing conflicting content type. "
                "Run 'remove_stale_contenttypes' to clean up stale entries.",
                RuntimeWarning,
            )
            ct.model = old_model
        else:
            # What is remembered goes by the old name.
            ContentType.objects.clear_cache()


def inject_rename_contenttypes_operations(
    plan=None, apps=global_apps, using=DEFAULT_DB_ALIAS, **kwargs
):
    """Puts a ``RenameContentType`` behind every planned ``RenameModel``."""
    if plan is None:
        return
    try:
        ContentType = apps.get_model("contenttypes", "ContentType")
    except LookupError:
        there = False
    else:
        if not router.allow_migrate_model(using, ContentType):
            return
        there = True
    for migration, backward in plan:
        if (migration.app_label, migration.name) == ("contenttypes", "0001_initial"):
            if backward:
                # From here on there are no content types to rename.
                break
            there = True
        elif there:
            followed = []
            for operation in migration.operations:
                followed.append(operation)
                if isinstance(operation, migrations.RenameModel):
                    followed.append(
                        RenameContentType(
                            migration.app_label,
                            operation.old_name.lower(),
                            operation.new_name.lower(),
                        )
                    )
            migration.operations[:] = followed


def get_contenttypes_and_models(app_config, using, ContentType):
    """The content types of an app by model name, and its models by name."""
    if not router.allow_migrate_model(using, ContentType):
        return None, None
    ContentType.objects.clear_cache()
    rows = ContentType.objects.using(using).filter(app_label=app_config.label)
    return (
        {ct.model: ct for ct in rows},
        {model._meta.model_name: model for model in app_config.get_models()},
    )


def create_contenttypes(
    app_config,
    verbosity=2,
    interactive=True,
    using=DEFAULT_DB_ALIAS,
    apps=global_apps,
    **kwargs,
):
    """Makes the content types that an app's models lack."""
    if not app_config.models_module:
        return
    try:
        app_config = apps.get_app_config(app_config.label)
        ContentType = apps.get_model("contenttypes", "ContentType")
    except LookupError:
        return
    if not router.allow_migrate_model(using, ContentType):
        return
    names = {model._meta.model_name for model in app_config.get_models()}
    if not names:
        return
    ContentType.objects.clear_cache()
    rows = ContentType.objects.using(using).filter(app_label=app_config.label)
    names.difference_update(rows.values_list("model", flat=True))
    made = [ContentType(app_label=app_config.label, model=name) for name in sorted(names)]
    ContentType.objects.using(using).bulk_create(made)
    if verbosity >= 2:
        for ct in made:
            print(f"Adding content type '{ct.app_label} | {ct.model}'")
