"""Templates of text and variables, with the tags and filters that dates and zones need."""

from django.template._values import TemplateSyntaxError

__all__ = ["Context", "RequestContext", "Template", "TemplateSyntaxError"]


class Context:
    """The names that a template may use."""

    def __init__(self, dict_=None, autoescape=True, use_tz=None):
        self.autoescape = autoescape
        self.use_tz = use_tz
        self._names = {"True": True, "False": False, "None": None} | (dict_ or {})

    def __getitem__(self, name):
        return self._names[name]

    def __setitem__(self, name, value):
        self._names[name] = value


class RequestContext(Context):
    """Names, and those that the context processors of the settings find in a request."""

    def __init__(self, request, dict_=None, processors=None, **kwargs):
        self.request = request
        found = {}
        for processor in processors or ():
            found |= processor(request)
        super().__init__(found | (dict_ or {}), **kwargs)


class Template:
    """A text with ``{{ dotted.names|filter:argument }}`` and ``{% tags %}``."""

    def __init__(self, template_string, origin=None, name=None, engine=None):
        from django.template._tags import parsed

        self.source = str(template_string)
        self.name = name
        self.nodelist = parsed(self.source)

    def render(self, context=None):
        context = Context() if context is None else context
        return "".join(node(context) for node in self.nodelist)
