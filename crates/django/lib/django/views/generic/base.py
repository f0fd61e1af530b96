"""``View``: one instance answers one request."""

import logging
from inspect import iscoroutinefunction, markcoroutinefunction

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseNotAllowed
from django.utils.functional import classproperty

logger = logging.getLogger("django.request")


class View:
    """A method for each method of HTTP: ``get()``, ``post()``."""

    http_method_names = ["get", "post", "put", "patch", "delete", "head", "options", "trace"]

    def __init__(self, **kwargs):
        for name, value in kwargs.items():
            setattr(self, name, value)

    @classproperty
    def view_is_async(cls):
        handlers = [
            iscoroutinefunction(getattr(cls, method))
            for method in cls.http_method_names
            if method != "options" and hasattr(cls, method)
        ]
        if any(handlers) and not all(handlers):
            raise ImproperlyConfigured(
                f"{cls.__qualname__} HTTP handlers must either be all sync or all async."
            )
        return any(handlers)

    @classmethod
    def as_view(cls, **initkwargs):
        for name in initkwargs:
            if name in cls.http_method_names:
                raise TypeError(
                    f"The method name {name} is not accepted as a keyword argument to "
                    f"{cls.__name__}()."
                )
            if not hasattr(cls, name):
                raise TypeError(
                    f"{cls.__name__}() received an invalid keyword {name!r}. as_view only "
                    "accepts arguments that are already attributes of the class."
                )

        def view(request, *args, **kwargs):
            self = cls(**initkwargs)
            self.setup(request, *args, **kwargs)
            if not hasattr(self, "request"):
                raise AttributeError(
                    f"{cls.__name__} instance has no 'request' attribute. Did you override "
                    "setup() and forget to call super()?"
                )
            return self.dispatch(request, *args, **kwargs)

        view.view_class = cls
        view.view_initkwargs = initkwargs
        view.__doc__ = cls.__doc__
        view.__module__ = cls.__module__
        view.__dict__.update(cls.dispatch.__dict__)
        if cls.view_is_async:
            markcoroutinefunction(view)
        return view

    def setup(self, request, *args, **kwargs):
        if hasattr(self, "get") and not hasattr(self, "head"):
            self.head = self.get
        self.request = request
        self.args = args
        self.kwargs = kwargs

    def dispatch(self, request, *args, **kwargs):
        method = request.method.lower()
        handler = self.http_method_not_allowed
        if method in self.http_method_names:
            handler = getattr(self, method, handler)
        return handler(request, *args, **kwargs)

    def _answer(self, response):
        # Where handlers are coroutines, so is everything else that answers.
        if not self.view_is_async:
            return response

        async def answer():
            return response

        return answer()

    def http_method_not_allowed(self, request, *args, **kwargs):
        logger.warning(
            "Method Not Allowed (%s): %s",
            request.method,
            request.path,
            extra={"status_code": 405, "request": request},
        )
        return self._answer(HttpResponseNotAllowed(self._allowed_methods()))

    def options(self, request, *args, **kwargs):
        response = HttpResponse()
        response.headers["Allow"] = ", ".join(self._allowed_methods())
        response.headers["Content-Length"] = "0"
        return self._answer(response)

    def _allowed_methods(self):
        return [m.upper() for m in self.http_method_names if hasattr(self, m)]
