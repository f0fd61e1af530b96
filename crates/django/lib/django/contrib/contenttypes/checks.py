"""What ``check`` says about generic keys and the names of models."""

from django.apps import apps
from django.core.checks import Error


def _models(app_configs):
    if app_configs is None:
        return apps.get_models()
    return [model for config in app_configs for model in config.get_models()]


def check_generic_foreign_keys(app_configs, **kwargs):
    from .fields import GenericForeignKeyDescriptor

    return [
        error
        for model in _models(app_configs)
        for value in vars(model).values()
        if isinstance(value, GenericForeignKeyDescriptor)
        for error in value.field.check()
    ]


def check_model_name_lengths(app_configs, **kwargs):
    return [
        Error(
            "Model names must be at most 100 characters "
            f"(got {len(model._meta.model_name)}).",
            obj=model,
            id="contenttypes.E005",
        )
        for model in _models(app_configs)
        if len(model._meta.model_name) > 100
    ]
