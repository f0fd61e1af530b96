"""Parts of DDL statements that know what they name, so that they follow when it is renamed."""

from copy import copy


class Reference:
    """Something that may name a table, a column, an index."""

    def references_table(self, table):
        return False

    def references_column(self, table, column):
        return False

    def references_index(self, table, index):
        return False

    def rename_table_references(self, old_table, new_table):
        pass

    def rename_column_references(self, table, old_column, new_column):
        pass

    def __repr__(self):
        return f"<{self.__class__.__name__} {str(self)!r}>"

    def __str__(self):
        raise NotImplementedError("Subclasses must define how they should be converted to string.")


class Table(Reference):
    def __init__(self, table, quote_name):
        self.table = table
        self.quote_name = quote_name

    def references_table(self, table):
        return self.table == table

    def references_index(self, table, index):
        return self.references_table(table) and str(self) == index

    def rename_table_references(self, old_table, new_table):
        if self.references_table(old_table):
            self.table = new_table

    def __str__(self):
        return self.quote_name(self.table)


class TableColumns(Table):
    def __init__(self, table, columns):
        self.table = table
        self.columns = columns

    def references_column(self, table, column):
        return self.references_table(table) and column in self.columns

    def rename_column_references(self, table, old_column, new_column):
        if self.references_table(table):
            self.columns[:] = _renamed(self.columns, old_column, new_column)


def _renamed(names, old, new):
    return [new if name == old else name for name in names]


class Columns(TableColumns):
    def __init__(self, table, columns, quote_name, col_suffixes=()):
        super().__init__(table, columns)
        self.quote_name = quote_name
        self.col_suffixes = col_suffixes

    def _suffix(self, position):
        return self.col_suffixes[position] if position < len(self.col_suffixes) else ""

    def _words(self, position, column):
        return [self.quote_name(column), self._suffix(position)]

    def __str__(self):
        parts = (self._words(at, column) for at, column in enumerate(self.columns))
        return ", ".join(" ".join(filter(None, words)) for words in parts)


class IndexColumns(Columns):
    """Columns of an index, each with its operator class."""

    def __init__(self, table, columns, quote_name, col_suffixes=(), opclasses=()):
        super().__init__(table, columns, quote_name, col_suffixes)
        self.opclasses = opclasses

    def _words(self, position, column):
        name, suffix = super()._words(position, column)
        return [name, self.opclasses[position] if self.opclasses else "", suffix]


class IndexName(TableColumns):
    def __init__(self, table, columns, suffix, create_index_name):
        super().__init__(table, columns)
        self.suffix = suffix
        self.create_index_name = create_index_name

    def __str__(self):
        return self.create_index_name(self.table, self.columns, self.suffix)


class ForeignKeyName(TableColumns):
    def __init__(self, table, columns, to_table, to_columns, suffix_template, create_fk_name):
        super().__init__(table, columns)
        self.to_reference = TableColumns(to_table, to_columns)
        self.suffix_template = suffix_template
        self.create_fk_name = create_fk_name

    def references_table(self, table):
        return super().references_table(table) or self.to_reference.references_table(table)

    def references_column(self, table, column):
        own = self.table == table and column in self.columns
        return own or self.to_reference.references_column(table, column)

    def rename_table_references(self, old_table, new_table):
        if self.table == old_table:
            self.table = new_table
        self.to_reference.rename_table_references(old_table, new_table)

    def rename_column_references(self, table, old_column, new_column):
        if self.table == table:
            self.columns[:] = _renamed(self.columns, old_column, new_column)
        self.to_reference.rename_column_references(table, old_column, new_column)

    def __str__(self):
        target = {
            "to_table": self.to_reference.table,
            "to_column": self.to_reference.columns[0],
        }
        return self.create_fk_name(self.table, self.columns, self.suffix_template % target)


class Statement(Reference):
    """A template and its parts; those that are references are asked and renamed."""

    def __init__(self, template, **parts):
        self.template = template
        self.parts = parts

    def _any(self, question, *args):
        asked = (getattr(part, question, None) for part in self.parts.values())
        return any(ask(*args) for ask in asked if ask)

    def _tell(self, command, *args):
        for part in self.parts.values():
            if hasattr(part, command):
                getattr(part, command)(*args)

    def references_table(self, table):
        return self._any("references_table", table)

    def references_column(self, table, column):
        return self._any("references_column", table, column)

    def references_index(self, table, index):
        return self._any("references_index", table, index)

    def rename_table_references(self, old_table, new_table):
        self._tell("rename_table_references", old_table, new_table)

    def rename_column_references(self, table, old_column, new_column):
        self._tell("rename_column_references", table, old_column, new_column)

    def __str__(self):
        return self.template % self.parts


class Expressions(TableColumns):
    def __init__(self, table, expressions, compiler, quote_value):
        self.compiler = compiler
        self.expressions = expressions
        self.quote_value = quote_value
        super().__init__(table, [col.target.column for col in self._cols()])

    def _cols(self):
        from django.db.models.expressions import Col

        return [part for part in self.expressions.flatten() if isinstance(part, Col)]

    def rename_table_references(self, old_table, new_table):
        if self.table != old_table:
            return
        self.expressions = self.expressions.relabeled_clone({old_table: new_table})
        super().rename_table_references(old_table, new_table)

    def rename_column_references(self, table, old_column, new_column):
        if self.table != table:
            return
        from django.db.models.expressions import Col

        renamed = {}
        for col in self._cols():
            if col.target.column == old_column:
                # The model's own field keeps its name.
                target = copy(col.target)
                target.column = new_column
                renamed[col] = Col(col.alias, target)
        self.expressions = self.expressions.replace_expressions(renamed)
        self.columns = [col.target.column for col in self._cols()]

    def __str__(self):
        sql, params = self.compiler.compile(self.expressions)
        return sql % tuple(map(self.quote_value, params))


class _Written(TableColumns):
    """What stands in an index's brackets, as it was written."""

    def __init__(self, table, columns, text):
        super().__init__(table, columns)
        self.text = text

    def __str__(self):
        return self.text


class _QuotedIndexName(IndexName):
    def __init__(self, table, columns, suffix, create_index_name, quote_name):
        super().__init__(table, columns, suffix, create_index_name)
        self.quote_name = quote_name

    def __str__(self):
        return self.quote_name(super().__str__())
