"""``manage.py check``."""

from django.core.management._native import NativeCommand


class Command(NativeCommand):
    name = "check"
    help = "Checks the entire Django project for potential problems."
    requires_system_checks = []
    defaults = {"fail_level": "ERROR"}
