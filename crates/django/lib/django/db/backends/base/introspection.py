"""What a database says of its tables: the questions that every backend answers."""

from collections import namedtuple

TableInfo = namedtuple("TableInfo", ["name", "type"])

FieldInfo = namedtuple(
    "FieldInfo",
    "name type_code display_size internal_size precision scale null_ok default collation",
)


def _unanswered(name):
    def method(self, *args, **kwargs):
        raise NotImplementedError(
            f"subclasses of BaseDatabaseIntrospection may require a {name}() method"
        )

    method.__name__ = name
    return method


class BaseDatabaseIntrospection:
    data_types_reverse = {}

    def __init__(self, connection):
        self.connection = connection

    def __del__(self):
        del self.connection

    def get_field_type(self, data_type, description):
        return self.data_types_reverse[data_type]

    def identifier_converter(self, name):
        return name

    get_table_list = _unanswered("get_table_list")
    get_table_description = _unanswered("get_table_description")
    get_sequences = _unanswered("get_sequences")
    get_relations = _unanswered("get_relations")
    get_constraints = _unanswered("get_constraints")

    def table_names(self, cursor=None, include_views=False):
        if cursor is None:
            with self.connection.cursor() as cursor:
                return self.table_names(cursor, include_views)
        wanted = "tv" if include_views else "t"
        return sorted(t.name for t in self.get_table_list(cursor) if t.type in wanted)

    def get_primary_key_column(self, cursor, table_name):
        columns = self.get_primary_key_columns(cursor, table_name)
        return columns[0] if columns else None

    def get_primary_key_columns(self, cursor, table_name):
        for constraint in self.get_constraints(cursor, table_name).values():
            if constraint["primary_key"]:
                return constraint["columns"]
        return None
