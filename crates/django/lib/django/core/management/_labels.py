"""Apps and models named on a command line."""

from django.apps import apps
from django.core.management import CommandError


def app_of(label):
    try:
        return apps.get_app_config(label)
    except LookupError as failure:
        raise CommandError(str(failure))


def parse_apps_and_model_labels(labels):
    """What ``app`` and ``app.Model`` mean: a set of models and a set of apps."""
    models, configs = set(), set()
    for label in labels:
        if "." not in label:
            configs.add(app_of(label))
            continue
        try:
            models.add(apps.get_model(label))
        except LookupError:
            raise CommandError(f"Unknown model: {label}")
    return models, configs
