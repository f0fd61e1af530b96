"""What a database backend checks about fields."""


class BaseDatabaseValidation:
    def __init__(self, connection):
        self.connection = connection

    def check(self, **kwargs):
        return []

    def check_field(self, field, **kwargs):
        """A backend with opinions about column types has ``check_field_type``."""
        check_type = getattr(self, "check_field_type", None)
        if check_type is None or getattr(field, "remote_field", None):
            return []
        features = self.connection.features
        required = field.model._meta.required_db_features
        if not all(getattr(features, feature, False) for feature in required):
            return []
        column_type = field.db_type(self.connection)
        return [] if column_type is None else check_type(field, column_type)
