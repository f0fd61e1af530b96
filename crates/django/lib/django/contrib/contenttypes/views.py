"""From a content type and a key to the page of what they name."""

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import Http404, HttpResponseRedirect


def shortcut(request, content_type_id, object_id):
    """Redirects to an object's own page, on the site it belongs to."""
    obj = _found(content_type_id, object_id)
    if not hasattr(type(obj), "get_absolute_url"):
        name = ContentType.objects.get(pk=content_type_id).name
        raise Http404(f"{name} objects don’t have a get_absolute_url() method")
    url = obj.get_absolute_url()
    if url.startswith(("http://", "https://", "//")):
        return HttpResponseRedirect(url)
    try:
        domain = get_current_site(request).domain
    except ObjectDoesNotExist:
        domain = None
    if apps.is_installed("django.contrib.sites"):
        domain = _domain_of(obj, domain)
    if domain is None:
        return HttpResponseRedirect(url)
    return HttpResponseRedirect(f"{request.scheme}://{domain}{url}")


def _found(content_type_id, object_id):
    try:
        content_type = ContentType.objects.get(pk=content_type_id)
        if not content_type.model_class():
            raise Http404(f"Content type {content_type_id} object has no associated model")
        return content_type.get_object_for_this_type(pk=object_id)
    except (ObjectDoesNotExist, ValueError, ValidationError):
        raise Http404(
            f"Content type {content_type_id} object {object_id} doesn’t exist"
        ) from None


def _domain_of(obj, current):
    """The domain of a site that the object is related to; the current one, if it is among them."""
    Site = apps.get_model("sites.Site")
    for field in obj._meta.many_to_many:
        if field.remote_field.model is not Site:
            continue
        sites = getattr(obj, field.name).all()
        if current and sites.filter(domain=current).exists():
            return current
        if site := sites.first():
            return site.domain
    for field in obj._meta.fields:
        if field.remote_field and field.remote_field.model is Site:
            try:
                site = getattr(obj, field.name)
            except Site.DoesNotExist:
                continue
            if site is not None:
                return site.domain
    return current
