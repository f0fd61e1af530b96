"""Keeping code that may not wait out of event loops."""

import os
from asyncio import get_running_loop
from functools import wraps

from django.core.exceptions import SynchronousOnlyOperation


def async_unsafe(message):
    """Refuses to run where a loop runs. Used bare, or with a message of one's own."""

    def decorated(function):
        @wraps(function)
        def inner(*args, **kwargs):
            try:
                get_running_loop()
            except RuntimeError:
                pass
            else:
                if not os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"):
                    raise SynchronousOnlyOperation(message)
            return function(*args, **kwargs)

        return inner

    if callable(message):
        function = message
        message = (
            "You cannot call this from an async context - use a thread or sync_to_async."
        )
        return decorated(function)
    return decorated
