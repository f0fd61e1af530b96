"""Models as a whole; what is checked is Rust's."""

from django.apps import apps
from django.core._checks import all_models, lazy_references
from django.core.checks.registry import Tags, register


@register(Tags.models)
def check_all_models(app_configs, **kwargs):
    return all_models(app_configs, **kwargs)


def _check_lazy_references(apps, ignore=None):
    return lazy_references(apps, ignore)


@register(Tags.models)
def check_lazy_references(app_configs, **kwargs):
    return _check_lazy_references(apps)
