"""Which checks there are, and running them."""

from collections.abc import Iterable

from django.db import connections

_VAR_KEYWORDS = 0x08


class Tags:
    """The kinds of checks."""

    admin = "admin"
    async_support = "async_support"
    caches = "caches"
    commands = "commands"
    compatibility = "compatibility"
    database = "database"
    files = "files"
    gis = "gis"
    mail = "mail"
    models = "models"
    security = "security"
    signals = "signals"
    sites = "sites"
    staticfiles = "staticfiles"
    templates = "templates"
    translation = "translation"
    urls = "urls"


def _accepts_kwargs(function):
    code = getattr(function, "__code__", None)
    if code is not None:
        return bool(code.co_flags & _VAR_KEYWORDS)
    # Asking for a signature costs an import that most projects do not need.
    from django.utils.inspect import func_accepts_kwargs

    return func_accepts_kwargs(function)


class CheckRegistry:
    def __init__(self):
        # Dicts keep the order in which checks were registered.
        self.registered_checks = {}
        self.deployment_checks = {}
        self._settle()

    def _settle(self):
        """What is registered so far is Django's own."""
        self._own = (dict(self.registered_checks), dict(self.deployment_checks))

    def _forget(self):
        """Leaves Django's own checks: those of a project go with it."""
        self.registered_checks, self.deployment_checks = map(dict, self._own)

    def register(self, check=None, *tags, **kwargs):
        """``register(function, "tag")``, or ``@register("tag", deploy=True)``."""
        if check is not None and not callable(check):
            tags, check = (*tags, check), None

        def add(function):
            if not _accepts_kwargs(function):
                raise TypeError(
                    "Check functions must accept keyword arguments (**kwargs)."
                )
            function.tags = tags
            deploy = kwargs.get("deploy")
            kind = self.deployment_checks if deploy else self.registered_checks
            kind[function] = True
            return function

        return add if check is None else add(check)

    def run_checks(
        self,
        app_configs=None,
        tags=None,
        include_deployment_checks=False,
        databases=None,
    ):
        """Everything that the checks of these tags find."""
        wanted = self.get_checks(include_deployment_checks)
        if tags is not None:
            wanted = [check for check in wanted if not set(check.tags).isdisjoint(tags)]
        elif not databases:
            # Those that talk to a database run where one is asked for.
            wanted = [check for check in wanted if Tags.database not in check.tags]
        if databases is None:
            databases = list(connections)
        found = []
        for check in wanted:
            new = check(app_configs=app_configs, databases=databases)
            if not isinstance(new, Iterable):
                raise TypeError(
                    f"The function {check!r} did not return a list. All functions "
                    "registered with the checks registry must return a list."
                )
            found.extend(new)
        return found

    def tag_exists(self, tag, include_deployment_checks=False):
        return tag in self.tags_available(include_deployment_checks)

    def tags_available(self, deployment_checks=False):
        checks = self.get_checks(deployment_checks)
        return {tag for check in checks for tag in check.tags}

    def get_checks(self, include_deployment_checks=False):
        deployment = self.deployment_checks if include_deployment_checks else ()
        return [*self.registered_checks, *deployment]


registry = CheckRegistry()
register = registry.register
run_checks = registry.run_checks
tag_exists = registry.tag_exists
