"""The current site, whether the app of sites is installed or not."""

from django.apps import apps

from .requests import RequestSite


def get_current_site(request):
    if not apps.is_installed("django.contrib.sites"):
        return RequestSite(request)
    from .models import Site

    return Site.objects.get_current(request)
