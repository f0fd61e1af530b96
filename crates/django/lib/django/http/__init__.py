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

    @property
    def scheme(self):
        return self.META.get("wsgi.url_scheme", "http")

    def is_secure(self):
        return self.scheme == "https"

    def get_port(self):
        return str(self.META["SERVER_PORT"])

    def get_host(self):
        if "HTTP_HOST" in self.META:
            return self.META["HTTP_HOST"]
        host, port = self.META["SERVER_NAME"], self.get_port()
        usual = port == ("443" if self.is_secure() else "80")
        return host if usual else f"{host}:{port}"

    def __repr__(self):
        if self.method is None:
            return f"<{self.__class__.__name__}>"
        return f"<{self.__class__.__name__}: {self.method} {self.path!r}>"


class ResponseHeaders(dict):
    """Headers by their names, in any case."""

    def _key(self, name):
        return next((key for key in self if key.lower() == name.lower()), name)

    def __getitem__(self, name):
        return super().__getitem__(self._key(name))

    def __setitem__(self, name, value):
        super().__setitem__(self._key(name), value)

    def __delitem__(self, name):
        super().__delitem__(self._key(name))

    def __contains__(self, name):
        return super().__contains__(self._key(name))

    def get(self, name, default=None):
        return super().get(self._key(name), default)


class HttpResponse:
    """What is written to it, as bytes. Nothing is ever sent from here."""

    status_code = 200
    charset = "utf-8"

    def __init__(self, content=b"", content_type=None, status=None, charset=None):
        self.charset = charset or self.charset
        self.headers = ResponseHeaders()
        self.headers["Content-Type"] = content_type or f"text/html; charset={self.charset}"
        if status is not None:
            self.status_code = int(status)
        self.content = content

    @property
    def content(self):
        return b"".join(self._parts)

    @content.setter
    def content(self, value):
        is_text = isinstance(value, str | bytes)
        self._parts = [self.make_bytes(one) for one in ([value] if is_text else value)]

    def make_bytes(self, value):
        return value if isinstance(value, bytes) else str(value).encode(self.charset)

    def write(self, content):
        self._parts.append(self.make_bytes(content))

    def getvalue(self):
        return self.content

    @property
    def text(self):
        return self.content.decode(self.charset)


class HttpResponseNotAllowed(HttpResponse):
    """The page is there, but not for this method."""

    status_code = 405

    def __init__(self, permitted_methods, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.headers["Allow"] = ", ".join(permitted_methods)


class HttpResponseNotFound(HttpResponse):
    status_code = 404


class HttpResponseRedirect(HttpResponse):
    """The page is elsewhere."""

    status_code = 302

    def __init__(self, redirect_to, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.headers["Location"] = str(redirect_to)

    @property
    def url(self):
        return self.headers["Location"]


class HttpResponsePermanentRedirect(HttpResponseRedirect):
    status_code = 301
