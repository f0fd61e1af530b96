"""What backends say differently: the questions, with the answers that most of them share."""

import datetime
import decimal

from django.db import NotSupportedError, transaction
from django.utils import timezone


def _unanswered(name, shown=None):
    def method(self, *args, **kwargs):
        raise NotImplementedError(
            f"subclasses of BaseDatabaseOperations may require a {shown or name}() method"
        )

    method.__name__ = name
    return method


class BaseDatabaseOperations:
    compiler_module = "django.db.models.sql.compiler"
    integer_field_ranges = {
        "SmallIntegerField": (-32768, 32767),
        "IntegerField": (-2147483648, 2147483647),
        "BigIntegerField": (-9223372036854775808, 9223372036854775807),
        "PositiveBigIntegerField": (0, 9223372036854775807),
        "PositiveSmallIntegerField": (0, 32767),
        "PositiveIntegerField": (0, 2147483647),
        "SmallAutoField": (-32768, 32767),
        "AutoField": (-2147483648, 2147483647),
        "BigAutoField": (-9223372036854775808, 9223372036854775807),
    }
    set_operators = {"union": "UNION", "intersection": "INTERSECT", "difference": "EXCEPT"}
    cast_data_types = {}
    cast_char_field_without_max_length = None
    PRECEDING = "PRECEDING"
    FOLLOWING = "FOLLOWING"
    UNBOUNDED_PRECEDING = "UNBOUNDED " + PRECEDING
    UNBOUNDED_FOLLOWING = "UNBOUNDED " + FOLLOWING
    CURRENT_ROW = "CURRENT ROW"
    explain_prefix = None

    def __init__(self, connection):
        self.connection = connection
        self._cache = None

    def __del__(self):
        del self.connection

    def autoinc_sql(self, table, column):
        return None

    def bulk_batch_size(self, fields, objs):
        limit = self.connection.features.max_query_params
        if not fields or not limit:
            return len(objs)
        columns = 0
        for field in fields:
            columns += len(getattr(field, "fields", None) or (field,))
        return max(limit // columns, 1)

    def format_for_duration_arithmetic(self, sql):
        raise NotImplementedError(
            "subclasses of BaseDatabaseOperations may require a "
            "format_for_duration_arithmetic() method."
        )

    def cache_key_culling_sql(self):
        cache_key = self.quote_name("cache_key")
        return f"SELECT {cache_key} FROM %s ORDER BY {cache_key} LIMIT 1 OFFSET %%s"

    def unification_cast_sql(self, output_field):
        return "%s"

    date_extract_sql = _unanswered("date_extract_sql")
    date_trunc_sql = _unanswered("date_trunc_sql")
    datetime_cast_date_sql = _unanswered("datetime_cast_date_sql")
    datetime_cast_time_sql = _unanswered("datetime_cast_time_sql")
    datetime_extract_sql = _unanswered("datetime_extract_sql")
    datetime_trunc_sql = _unanswered("datetime_trunc_sql")
    time_trunc_sql = _unanswered("time_trunc_sql")
    no_limit_value = _unanswered("no_limit_value")
    quote_name = _unanswered("quote_name")
    regex_lookup = _unanswered("regex_lookup")

    def time_extract_sql(self, lookup_type, sql, params):
        return self.date_extract_sql(lookup_type, sql, params)

    def deferrable_sql(self):
        return ""

    def distinct_sql(self, fields, params):
        if fields:
            raise NotSupportedError("DISTINCT ON fields is not supported by this database backend")
        return ["DISTINCT"], []

    def force_group_by(self):
        return []

    def force_no_ordering(self):
        return []

    def for_update_sql(self, nowait=False, skip_locked=False, of=(), no_key=False):
        words = ["FOR", "NO KEY" if no_key else "", "UPDATE", f"OF {', '.join(of)}" if of else ""]
        words.append("NOWAIT" if nowait else "SKIP LOCKED" if skip_locked else "")
        return " ".join(filter(None, words))

    def limit_offset_sql(self, low_mark, high_mark):
        offset = low_mark or 0
        if high_mark is not None:
            limit = high_mark - offset
        else:
            limit = self.no_limit_value() if offset else None
        parts = [f"LIMIT {limit}" if limit else "", f"OFFSET {offset}" if offset else ""]
        return " ".join(filter(None, parts))

    def fk_on_delete_sql(self, operation):
        if operation in ("CASCADE", "SET NULL", "SET DEFAULT"):
            return f" ON DELETE {operation}"
        if operation == "":
            return ""
        raise NotImplementedError(f"ON DELETE {operation} is not supported.")

    def bulk_insert_sql(self, fields, placeholder_rows):
        return "VALUES " + ", ".join(f"({', '.join(row)})" for row in placeholder_rows)

    def last_executed_query(self, cursor, sql, params):
        if isinstance(params, (list, tuple)):
            params = tuple(map(str, params))
        else:
            params = {str(key): str(value) for key, value in (params or {}).items()}
        return f"QUERY = {sql!r} - PARAMS = {params!r}"

    def last_insert_id(self, cursor, table_name, pk_name):
        return cursor.lastrowid

    def lookup_cast(self, lookup_type, internal_type=None):
        return "%s"

    def max_in_list_size(self):
        return None

    def max_name_length(self):
        return None

    def pk_default_value(self):
        return "DEFAULT"

    def prepare_sql_script(self, sql):
        import sqlparse

        statements = sqlparse.split(sql)
        return [sqlparse.format(s, strip_comments=True) for s in statements if s]

    def process_clob(self, value):
        return value

    def compiler(self, compiler_name):
        if self._cache is None:
            import importlib

            self._cache = importlib.import_module(self.compiler_module)
        return getattr(self._cache, compiler_name)

    def savepoint_create_sql(self, sid):
        return f"SAVEPOINT {self.quote_name(sid)}"

    def savepoint_commit_sql(self, sid):
        return f"RELEASE SAVEPOINT {self.quote_name(sid)}"

    def savepoint_rollback_sql(self, sid):
        return f"ROLLBACK TO SAVEPOINT {self.quote_name(sid)}"

    def set_time_zone_sql(self):
        return ""

    def sql_flush(self, style, tables, *, reset_sequences=False, allow_cascade=False):
        raise NotImplementedError(
            "subclasses of BaseDatabaseOperations must provide an sql_flush() method"
        )

    def execute_sql_flush(self, sql_list):
        alias = self.connection.alias
        savepoint = self.connection.features.can_rollback_ddl
        with transaction.atomic(using=alias, savepoint=savepoint):
            with self.connection.cursor() as cursor:
                for sql in sql_list:
                    cursor.execute(sql)

    def sequence_reset_by_name_sql(self, style, sequences):
        return []

    def sequence_reset_sql(self, style, model_list):
        return []

    def start_transaction_sql(self):
        return "BEGIN;"

    def end_transaction_sql(self, success=True):
        return "COMMIT;" if success else "ROLLBACK;"

    def tablespace_sql(self, tablespace, inline=False):
        return ""

    def prep_for_like_query(self, x):
        text = str(x).replace("\\", "\\\\")
        return text.replace("%", r"\%").replace("_", r"\_")

    prep_for_iexact_query = prep_for_like_query

    def validate_autopk_value(self, value):
        return value

    def adapt_unknown_value(self, value):
        if isinstance(value, datetime.datetime):
            return self.adapt_datetimefield_value(value)
        if isinstance(value, datetime.date):
            return self.adapt_datefield_value(value)
        if isinstance(value, datetime.time):
            return self.adapt_timefield_value(value)
        if isinstance(value, decimal.Decimal):
            return self.adapt_decimalfield_value(value)
        return value

    def adapt_integerfield_value(self, value, internal_type):
        return value

    def adapt_datefield_value(self, value):
        return None if value is None else str(value)

    def adapt_datetimefield_value(self, value):
        return None if value is None else str(value)

    def adapt_timefield_value(self, value):
        if value is None:
            return None
        if timezone.is_aware(value):
            raise ValueError("Django does not support timezone-aware times.")
        return str(value)

    def adapt_decimalfield_value(self, value, max_digits=None, decimal_places=None):
        return value

    def adapt_ipaddressfield_value(self, value):
        return value or None

    def adapt_json_value(self, value, encoder):
        import json

        return json.dumps(value, cls=encoder)

    def _year_bounds(self, value, first, last, iso_year, adapt):
        if iso_year:
            start = first(datetime.date.fromisocalendar(value, 1, 1))
            end = datetime.date.fromisocalendar(value + 1, 1, 1) - datetime.timedelta(days=1)
        else:
            start, end = first(datetime.date(value, 1, 1)), datetime.date(value, 12, 31)
        return [adapt(start), adapt(last(end))]

    def year_lookup_bounds_for_date_field(self, value, iso_year=False):
        def same(day):
            return day

        return self._year_bounds(value, same, same, iso_year, self.adapt_datefield_value)

    def year_lookup_bounds_for_datetime_field(self, value, iso_year=False):
        def at(time):
            def moment(day):
                made = datetime.datetime.combine(day, time)
                return timezone.make_aware(made) if timezone.settings.USE_TZ else made

            return moment

        adapt = self.adapt_datetimefield_value
        return self._year_bounds(
            value, at(datetime.time.min), at(datetime.time.max), iso_year, adapt
        )

    def get_db_converters(self, expression):
        return []

    def convert_durationfield_value(self, value, expression, connection):
        return None if value is None else datetime.timedelta(0, 0, value)

    def check_expression_support(self, expression):
        pass

    def conditional_expression_supported_in_where_clause(self, expression):
        return True

    def combine_expression(self, connector, sub_expressions):
        return f" {connector} ".join(sub_expressions)

    def combine_duration_expression(self, connector, sub_expressions):
        return self.combine_expression(connector, sub_expressions)

    def binary_placeholder_sql(self, value):
        return "%s"

    def modify_insert_params(self, placeholder, params):
        return params

    def integer_field_range(self, internal_type):
        return self.integer_field_ranges[internal_type]

    def subtract_temporals(self, internal_type, lhs, rhs):
        if not self.connection.features.supports_temporal_subtraction:
            raise NotSupportedError(f"This backend does not support {internal_type} subtraction.")
        lhs_sql, lhs_params = lhs
        rhs_sql, rhs_params = rhs
        return f"({lhs_sql} - {rhs_sql})", (*lhs_params, *rhs_params)

    def window_frame_value(self, value):
        if value is None or value == 0:
            return {None: None, 0: self.CURRENT_ROW}[value]
        return f"{abs(value)} {self.PRECEDING if value < 0 else self.FOLLOWING}"

    def explain_query_prefix(self, format=None, **options):
        features = self.connection.features
        if not features.supports_explaining_query_execution:
            raise NotSupportedError("This backend does not support explaining query execution.")
        if format and format.upper() not in features.supported_explain_formats:
            allowed = ", ".join(sorted(features.supported_explain_formats))
            message = f"{format.upper()} is not a recognized format."
            if allowed:
                raise ValueError(f"{message} Allowed formats: {allowed}")
            raise ValueError(
                f"{message} {self.connection.display_name} does not support any formats."
            )
        if options:
            raise ValueError(f"Unknown options: {', '.join(sorted(options))}")
        return self.explain_prefix

    def insert_statement(self, on_conflict=None):
        return "INSERT INTO"

    def on_conflict_suffix_sql(self, fields, on_conflict, update_fields, unique_fields):
        return ""

    def prepare_join_on_clause(self, local_table, local_field, foreign_table, foreign_field):
        from django.db.models.expressions import Col

        return Col(local_table, local_field), Col(foreign_table, foreign_field)

    def format_debug_sql(self, sql):
        return sql
