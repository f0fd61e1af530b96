"""Permissions are kept in step with the models that migrations make."""

from django.apps import apps as global_apps
from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.management import create_contenttypes
from django.db import DEFAULT_DB_ALIAS, router


def _get_builtin_permissions(opts):
    return [
        (get_permission_codename(action, opts), f"Can {action} {opts.verbose_name_raw}")
        for action in opts.default_permissions
    ]


def _get_all_permissions(opts):
    return [*_get_builtin_permissions(opts), *opts.permissions]


def create_permissions(
    app_config,
    verbosity=2,
    interactive=True,
    using=DEFAULT_DB_ALIAS,
    apps=global_apps,
    **kwargs,
):
    """Makes the permissions that an app's models lack."""
    if not app_config.models_module:
        return
    try:
        Permission = apps.get_model("auth", "Permission")
    except LookupError:
        return
    if not router.allow_migrate_model(using, Permission):
        return
    how = {"verbosity": verbosity, "interactive": interactive, "using": using}
    create_contenttypes(app_config, apps=apps, **how, **kwargs)
    try:
        app_config = apps.get_app_config(app_config.label)
        ContentType = apps.get_model("contenttypes", "ContentType")
    except LookupError:
        return
    models = list(app_config.get_models())
    ctypes = ContentType.objects.db_manager(using).get_for_models(
        *models, for_concrete_models=False
    )
    rows = Permission.objects.using(using).filter(content_type__in=set(ctypes.values()))
    known = set(rows.values_list("content_type", "codename"))
    made = []
    for model in models:
        ctype = ctypes[model]
        for codename, name in _get_all_permissions(model._meta):
            if (ctype.pk, codename) not in known:
                permission = Permission()
                permission._state.db = using
                permission.codename = codename
                permission.name = name
                permission.content_type = ctype
                made.append(permission)
    Permission.objects.using(using).bulk_create(made)
    if verbosity >= 2:
        for permission in made:
            print(f"Adding permission '{permission}'")
