"""Requests made by hand, for code that takes one."""

from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from django.http import Http404, HttpRequest, HttpResponseNotFound


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


class Client(RequestFactory):
    """Asks the views of ``ROOT_URLCONF`` themselves: no middleware, no sessions."""

    def generic(self, method, path, *args, follow=False, **extra):
        from django.urls import resolve

        if follow:
            raise NotImplementedError("Client(follow=True)")
        request = super().generic(method, path, *args, **extra)
        try:
            view, arguments, keywords = request.resolver_match = resolve(request.path_info)
            response = view(request, *arguments, **keywords)
        except Http404 as error:
            response = HttpResponseNotFound(str(error))
        response.request = {"PATH_INFO": request.path, "REQUEST_METHOD": method}
        response.wsgi_request = request
        response.client = self
        return response

    def post(self, path, data=None, content_type="multipart/form-data", **extra):
        raise NotImplementedError("Client.post()")

    def login(self, *args, **credentials):
        raise NotImplementedError("Client.login()")

    force_login = logout = login


def assert_redirects(
    case,
    response,
    expected_url,
    status_code=302,
    target_status_code=200,
    msg_prefix="",
    fetch_redirect_response=True,
):
    """``assertRedirects()``"""
    prefix = f"{msg_prefix}: " if msg_prefix else ""
    case.assertEqual(
        response.status_code,
        status_code,
        f"{prefix}Response didn't redirect as expected: Response code was "
        f"{response.status_code} (expected {status_code})",
    )
    url = response.url
    parts = urlsplit(url)
    if not parts.path.startswith("/"):
        url = urljoin(response.request["PATH_INFO"], url)
        parts = urlsplit(url)
    if fetch_redirect_response:
        asked = response.client.get(f"{parts.path}?{parts.query}")
        case.assertEqual(
            asked.status_code,
            target_status_code,
            f"{prefix}Couldn't retrieve redirection page '{parts.path}': response code was "
            f"{asked.status_code} (expected {target_status_code})",
        )
    assert_url_equal(
        case, url, expected_url, f"{prefix}Response redirected to '{url}', expected '{expected_url}'"
    )


def assert_url_equal(case, url1, url2, msg_prefix=""):
    """The same but for the order of what stands after ``?``."""

    def normal(url):
        parts = urlsplit(str(url))
        query = urlencode(sorted(parse_qsl(parts.query)))
        return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))

    case.assertEqual(normal(url1), normal(url2), msg_prefix)
