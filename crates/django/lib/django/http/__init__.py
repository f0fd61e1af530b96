"""Names of ``django.http`` that code beside the ORM imports."""


class Http404(Exception):
    """There is no such page."""


class HttpRequest:
    """A request as code outside a server makes one: everything about it is said by hand."""

    def __init__(self):
        self.GET = {}
        self.POST = {}
        self.COOKIES = {}
        self.META = {}
        self.FILES = {}
        self.path = ""
        self.path_info = ""
        self.method = None
        self.resolver_match = None
        self.content_type = None
        self.content_params = None

    def __repr__(self):
        if self.method is None:
            return f"<{self.__class__.__name__}>"
        return f"<{self.__class__.__name__}: {self.method} {self.path!r}>"
