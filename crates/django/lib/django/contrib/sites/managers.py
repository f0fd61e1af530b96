"""``CurrentSiteManager``: only what belongs to the site of the settings."""

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models


class CurrentSiteManager(models.Manager):
    use_in_migrations = True

    def __init__(self, field_name=None):
        super().__init__()
        self.__field_name = field_name

    def _get_field_name(self):
        if not self.__field_name:
            names = {field.name for field in self.model._meta.get_fields()}
            self.__field_name = "site" if "site" in names else "sites"
        return self.__field_name

    def check(self, **kwargs):
        return [*super().check(**kwargs), *self._check_field_name()]

    def _check_field_name(self):
        from django.core import checks

        name = self._get_field_name()
        try:
            field = self.model._meta.get_field(name)
        except FieldDoesNotExist:
            message = f"CurrentSiteManager could not find a field named '{name}'."
            return [checks.Error(message, obj=self, id="sites.E001")]
        if field.many_to_many or isinstance(field, models.ForeignKey):
            return []
        return [
            checks.Error(
                f"CurrentSiteManager cannot use '{self.model._meta.object_name}.{name}' "
                "as it is not a foreign key or a many-to-many field.",
                obj=self,
                id="sites.E002",
            )
        ]

    def get_queryset(self):
        lookup = f"{self._get_field_name()}__id"
        return super().get_queryset().filter(**{lookup: settings.SITE_ID})
