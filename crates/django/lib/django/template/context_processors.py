"""What templates know of a request without being told."""

from django.conf import settings


def debug(request):
    return {"debug": True} if settings.DEBUG else {}


def i18n(request):
    return {"LANGUAGES": settings.LANGUAGES, "LANGUAGE_CODE": settings.LANGUAGE_CODE}


def tz(request):
    from django.utils import timezone

    return {"TIME_ZONE": timezone.get_current_timezone_name()}


def static(request):
    return {"STATIC_URL": settings.STATIC_URL}


def media(request):
    return {"MEDIA_URL": settings.MEDIA_URL}


def request(request):
    return {"request": request}
