"""A database begins with one site: ``example.com``."""

from django.apps import apps as global_apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, router


def create_default_site(
    app_config,
    verbosity=2,
    interactive=True,
    using=DEFAULT_DB_ALIAS,
    apps=global_apps,
    **kwargs,
):
    try:
        Site = apps.get_model("sites", "Site")
    except LookupError:
        return
    if not router.allow_migrate_model(using, Site):
        return
    if Site.objects.using(using).exists():
        return
    if verbosity >= 2:
        print("Creating example.com Site object")
    pk = getattr(settings, "SITE_ID", 1)
    Site(pk=pk, domain="example.com", name="example.com").save(using=using)
