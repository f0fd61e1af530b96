"""Users, groups, permissions: as far as the ORM sees them."""

from django.apps import apps as django_apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

REDIRECT_FIELD_NAME = "next"


def get_user_model():
    """The model that ``AUTH_USER_MODEL`` names."""
    name = settings.AUTH_USER_MODEL
    try:
        return django_apps.get_model(name, require_ready=False)
    except ValueError:
        problem = "must be of the form 'app_label.model_name'"
    except LookupError:
        problem = f"refers to model '{name}' that has not been installed"
    raise ImproperlyConfigured(f"AUTH_USER_MODEL {problem}")


def get_permission_codename(action, opts):
    return f"{action}_{opts.model_name}"


def get_backends():
    raise NotImplementedError("authentication backends")


def load_backend(path):
    raise NotImplementedError("authentication backends")
