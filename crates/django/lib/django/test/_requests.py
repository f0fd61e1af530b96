"""Requests made by hand, for code that takes one."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest


class RequestFactory:
    """``RequestFactory().get("/path")``: a request that nobody sent."""

    def __init__(self, **defaults):
        self.defaults = defaults

    def generic(self, method, path, data="", content_type="application/octet-stream", **extra):
        parts = urlsplit(path)
        request = HttpRequest()
        request.method = method
        request.path = request.path_info = parts.path or "/"
        request.content_type = content_type if data else ""
        request.META = {
            "REQUEST_METHOD": method,
            "PATH_INFO": request.path,
            "QUERY_STRING": parts.query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            **self.defaults,
            **extra,
        }
        request.GET = dict(parse_qsl(parts.query, keep_blank_values=True))
        request.body = data if isinstance(data, bytes) else str(data).encode()
        return request

    def get(self, path, data=None, **extra):
        if data:
            path = f"{path}?{urlencode(data, doseq=True)}"
        return self.generic("GET", path, **extra)

    def post(self, path, data=None, content_type="multipart/form-data", **extra):
        request = self.generic("POST", path, content_type=content_type, **extra)
        request.POST = dict(data or {})
        return request

    def head(self, path, **extra):
        return self.generic("HEAD", path, **extra)

    def options(self, path, data="", **extra):
        return self.generic("OPTIONS", path, data, **extra)

    def put(self, path, data="", **extra):
        return self.generic("PUT", path, data, **extra)

    def patch(self, path, data="", **extra):
        return self.generic("PATCH", path, data, **extra)

    def delete(self, path, data="", **extra):
        return self.generic("DELETE", path, data, **extra)
