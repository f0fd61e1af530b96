"""Classes whose instances answer requests."""

from .base import View

__all__ = ["View"]
