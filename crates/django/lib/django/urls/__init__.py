"""Names of ``django.urls`` that code beside the ORM imports. There are no URLs here."""


class NoReverseMatch(Exception):
    pass


class Resolver404(Exception):
    pass


def _absent(name):
    def function(*args, **kwargs):
        raise NotImplementedError(f"django.urls.{name}()")

    function.__name__ = name
    return function


reverse = _absent("reverse")
reverse_lazy = _absent("reverse_lazy")
resolve = _absent("resolve")
path = _absent("path")
re_path = _absent("re_path")
include = _absent("include")
