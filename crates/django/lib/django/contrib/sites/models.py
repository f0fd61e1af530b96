"""``Site``: one of several sites that share a database."""

import string

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.db.models.signals import pre_delete, pre_save
from django.utils.translation import gettext_lazy as _

SITE_CACHE = {}


def _simple_domain_name_validator(value):
    if any(space in value for space in string.whitespace):
        message = _("The domain name cannot contain any spaces or tabs.")
        raise ValidationError(message, code="invalid")


class SiteManager(models.Manager):
    use_in_migrations = True

    def _remembered(self, key, **lookup):
        if key not in SITE_CACHE:
            SITE_CACHE[key] = self.get(**lookup)
        return SITE_CACHE[key]

    def get_current(self, request=None):
        """The site of the settings, or else of the request."""
        site_id = getattr(settings, "SITE_ID", "")
        if site_id:
            return self._remembered(site_id, pk=site_id)
        if request is None:
            raise ImproperlyConfigured(
                'You\'re using the Django "sites framework" without having '
                "set the SITE_ID setting. Create a site in your database and "
                "set the SITE_ID setting or pass a request to "
                "Site.objects.get_current() to fix this error."
            )
        host = request.get_host()
        try:
            return self._remembered(host, domain__iexact=host)
        except Site.DoesNotExist:
            domain = host.rpartition(":")[0] or host
            return self._remembered(domain, domain__iexact=domain)

    def clear_cache(self):
        SITE_CACHE.clear()

    def get_by_natural_key(self, domain):
        return self.get(domain=domain)


class Site(models.Model):
    domain = models.CharField(
        _("domain name"),
        max_length=100,
        validators=[_simple_domain_name_validator],
        unique=True,
    )
    name = models.CharField(_("display name"), max_length=50)

    objects = SiteManager()

    class Meta:
        db_table = "django_site"
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["domain"]

    def __str__(self):
        return self.domain

    def natural_key(self):
        return (self.domain,)


def clear_site_cache(sender, **kwargs):
    """Forgets a site that changes."""
    instance, using = kwargs["instance"], kwargs["using"]
    SITE_CACHE.pop(instance.pk, None)
    for site in Site.objects.using(using).filter(pk=instance.pk):
        SITE_CACHE.pop(site.domain, None)


pre_save.connect(clear_site_cache, sender=Site)
pre_delete.connect(clear_site_cache, sender=Site)
