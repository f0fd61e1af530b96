"""``manage.py inspectdb``: the models that would have made a database's tables."""

import keyword
import re

from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.deletion import DatabaseOnDelete

_HEADER = """\
# This is an auto-generated Django model module.
# You'll have to do the following manually to clean this up:
#   * Rearrange models' order
#   * Make sure each model has one field with primary_key=True
#   * Make sure each ForeignKey and OneToOneField has `on_delete` set to the desired behavior
#   * Remove `managed = False` lines if you wish to allow Django to create, modify, and delete the table
# Feel free to rename the models, but don't rename db_table values or field names."""


class _Table:
    """All that the database says of one table."""

    def __init__(self, introspection, cursor, name):
        self.name = name
        self.relations = _or_none(introspection.get_relations, cursor, name)
        self.constraints = _or_none(introspection.get_constraints, cursor, name)
        self.keys = introspection.get_primary_key_columns(cursor, name) or []
        self.key = self.keys[0] if len(self.keys) == 1 else None
        self.unique = {
            told["columns"][0]
            for told in self.constraints.values()
            if told["unique"] and len(told["columns"]) == 1
        }
        self.columns = introspection.get_table_description(cursor, name)
        self.field_names = {}
        self.pointed_at = set()


def _or_none(ask, *args):
    try:
        return ask(*args)
    except NotImplementedError:
        return {}


class Command(BaseCommand):
    help = "Introspects the database tables in the given database and outputs a Django model module."
    requires_system_checks = []
    stealth_options = ("table_name_filter",)
    db_module = "django.db"

    def add_arguments(self, parser):
        parser.add_argument("table", nargs="*", type=str)
        parser.add_argument(
            "--database", default=DEFAULT_DB_ALIAS, choices=tuple(connections)
        )
        parser.add_argument("--include-partitions", action="store_true")
        parser.add_argument("--include-views", action="store_true")

    def handle(self, **options):
        if not connections[options["database"]].features.supports_inspectdb:
            raise CommandError(
                "Database inspection isn't supported for the currently selected database backend."
            )
        for line in self.handle_inspection(options):
            self.stdout.write(line)

    def handle_inspection(self, options):
        connection = connections[options["database"]]
        wanted = options.get("table_name_filter")
        kinds = {"t"}
        kinds |= {"p"} if options["include_partitions"] else set()
        kinds |= {"v"} if options["include_views"] else set()
        yield from _HEADER.split("\n")
        yield f"from {self.db_module} import models"
        known = []
        with connection.cursor() as cursor:
            listed = {
                info.name: info
                for info in connection.introspection.get_table_list(cursor)
                if info.type in kinds
            }
            for name in options["table"] or sorted(listed):
                if callable(wanted) and not wanted(name):
                    continue
                try:
                    table = _Table(connection.introspection, cursor, name)
                except Exception as failure:
                    yield f"# Unable to inspect table '{name}'"
                    yield f"# The error was: {failure}"
                    continue
                yield from self._model(connection, cursor, table, listed.get(name), known)

    def _model(self, connection, cursor, table, info, known):
        model = self.normalize_table_name(table.name)
        known.append(model)
        yield ""
        yield ""
        yield f"class {model}(models.Model):"
        if len(table.keys) > 1:
            fields = ", ".join(f"'{column}'" for column in table.keys)
            yield f"    pk = models.CompositePrimaryKey({fields})"
        for row in table.columns:
            line = self._field(connection, cursor, table, row, model, known)
            if line is not None:
                yield "    " + line
        comments = connection.features.supports_comments
        yield from self.get_meta(
            table.name,
            table.constraints,
            table.field_names,
            is_view=info is not None and info.type == "v",
            is_partition=info is not None and info.type == "p",
            comment=info.comment if info is not None and comments else None,
        )

    def _field(self, connection, cursor, table, row, model, known):
        """A field's line; none for the key that every model has by itself."""
        related = row.name in table.relations
        used = list(table.field_names.values())
        name, options, notes = self.normalize_col_name(row.name, used, related)
        table.field_names[row.name] = name
        if row.name == table.key:
            options["primary_key"] = True
        elif row.name in table.unique:
            options["unique"] = True
        if related:
            made = self._relation(connection, cursor, table, row, model, name, options, known)
        else:
            kind, more, more_notes = self.get_field_type(connection, table.name, row)
            options.update(more)
            notes.extend(more_notes)
            made = f"{kind}("
            if name == "id" and options == {"primary_key": True}:
                if kind == "AutoField":
                    return None
                if kind == connection.features.introspected_field_types["AutoField"]:
                    notes.append("AutoField?")
        if row.null_ok:
            options.update(blank=True, null=True)
        if connection.features.supports_comments and row.comment:
            options["db_comment"] = row.comment
        # A field of somebody's own comes with its path.
        prefix = "" if "." in made.partition("(")[0] else "models."
        arguments = ", ".join(f"{key}={value!r}" for key, value in options.items())
        if arguments and not made.endswith("("):
            arguments = ", " + arguments
        note = "  # " + " ".join(notes) if notes else ""
        return f"{name} = {prefix}{made}{arguments}){note}"

    def _relation(self, connection, cursor, table, row, model, name, options, known):
        column, other, on_delete = table.relations[row.name]
        if options.pop("unique", False) or options.get("primary_key"):
            kind = "OneToOneField"
        else:
            kind = "ForeignKey"
            key = connection.introspection.get_primary_key_column(cursor, other)
            if key and key != column:
                options["to_field"] = column
        to = "self" if other == table.name else self.normalize_table_name(other)
        if to in table.pointed_at:
            options["related_name"] = f"{model.lower()}_{name}_set"
        table.pointed_at.add(to)
        shown = to if to in known else f"'{to}'"
        by_database = on_delete and isinstance(on_delete, DatabaseOnDelete)
        deleting = f"models.{on_delete}" if by_database else "models.DO_NOTHING"
        return f"{kind}({shown}, {deleting}"

    def normalize_col_name(self, col_name, used_column_names, is_relation):
        """A field's name for a column, the options and the notes that go with it."""
        options, notes = {}, []
        name = col_name.lower()
        if name != col_name:
            notes.append("Field name made lowercase.")
        if is_relation:
            if name.endswith("_id"):
                name = name.removesuffix("_id")
            else:
                options["db_column"] = col_name
        name, odd = re.subn(r"\W", "_", name)
        if odd:
            notes.append("Field renamed to remove unsuitable characters.")
        if "__" in name:
            name = re.sub("__+", "_", name)
            if "__" in col_name.lower():
                notes.append("Field renamed because it contained more than one '_' in a row.")
        if name.startswith("_"):
            name = "field" + name
            notes.append("Field renamed because it started with '_'.")
        if name.endswith("_"):
            name += "field"
            notes.append("Field renamed because it ended with '_'.")
        if keyword.iskeyword(name):
            name += "_field"
            notes.append("Field renamed because it was a Python reserved word.")
        if name[0].isdigit():
            name = "number_" + name
            notes.append("Field renamed because it wasn't a valid Python identifier.")
        if name in used_column_names:
            number = 0
            while f"{name}_{number}" in used_column_names:
                number += 1
            name = f"{name}_{number}"
            notes.append("Field renamed because of name conflict.")
        if name != col_name and notes:
            options["db_column"] = col_name
        return name, options, notes

    def normalize_table_name(self, table_name):
        """A model's name for a table."""
        return re.sub(r"[^a-zA-Z0-9]", "", table_name.title())

    def get_field_type(self, connection, table_name, row):
        """A field's class, its options, notes."""
        options, notes = {}, []
        try:
            kind = connection.introspection.get_field_type(row.type_code, row)
        except KeyError:
            kind = "TextField"
            notes.append("This field type is a guess.")
        size = int(row.display_size or 0)
        if kind == "CharField" and size > 0:
            options["max_length"] = size
        if kind in ("CharField", "TextField") and row.collation:
            options["db_collation"] = row.collation
        if kind == "DecimalField" and not (row.precision is None and row.scale is None):
            options.update(max_digits=row.precision, decimal_places=row.scale)
        return kind, options, notes

    def get_meta(
        self, table_name, constraints, column_to_field_name, is_view, is_partition, comment
    ):
        """The lines of ``class Meta``."""
        together, unknown = [], False
        for told in constraints.values():
            if not told["unique"]:
                continue
            unknown = unknown or None in told["columns"]
            fields = [
                column_to_field_name[column]
                for column in told["columns"]
                if column in column_to_field_name
            ]
            if len(fields) > 1 and not told["primary_key"]:
                together.append(str(tuple(fields)))
        yield ""
        if unknown:
            yield "    # A unique constraint could not be introspected."
        source = "view" if is_view else "partition" if is_partition else None
        note = f"  # Created from a {source}. Don't remove." if source else ""
        yield "    class Meta:"
        yield f"        managed = False{note}"
        yield f"        db_table = {table_name!r}"
        if together:
            yield f"        unique_together = ({', '.join(together)},)"
        if comment:
            yield f"        db_table_comment = {comment!r}"
