"""Django's system checks: messages, the registry, the checks of models."""

from .messages import (  # noqa: F401
    CRITICAL,
    DEBUG,
    ERROR,
    INFO,
    WARNING,
    CheckMessage,
    Critical,
    Debug,
    Error,
    Info,
    Warning,
)
from .registry import Tags, register, run_checks, tag_exists  # noqa: F401
from .registry import registry as _registry

# Checks register themselves when they are imported.
from . import database, model_checks  # noqa: E402,F401

# Others, contrib's apps among them, belong to the project that has them.
_registry._settle()
