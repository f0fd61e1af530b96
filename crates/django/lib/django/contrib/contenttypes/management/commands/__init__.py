"""Commands of ``django.contrib.contenttypes``."""
