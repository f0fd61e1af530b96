"""Styles of what commands print. A page and a log have no colours: every style leaves text alone."""

_ROLES = (
    "ERROR",
    "SUCCESS",
    "WARNING",
    "NOTICE",
    "SQL_FIELD",
    "SQL_COLTYPE",
    "SQL_KEYWORD",
    "SQL_TABLE",
    "HTTP_INFO",
    "HTTP_SUCCESS",
    "HTTP_REDIRECT",
    "HTTP_NOT_MODIFIED",
    "HTTP_BAD_REQUEST",
    "HTTP_NOT_FOUND",
    "HTTP_SERVER_ERROR",
    "MIGRATE_HEADING",
    "MIGRATE_LABEL",
    "ERROR_OUTPUT",
)


def _plain(text):
    return text


class Style:
    pass


def make_style(config_string=""):
    style = Style()
    for role in _ROLES:
        setattr(style, role, _plain)
    return style


def no_style():
    return make_style("nocolor")


def color_style(force_color=False):
    return no_style()


def supports_color():
    return False
