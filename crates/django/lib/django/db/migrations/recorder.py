"""Which migrations are applied: the table `django_migrations`, as a model outside every app."""

from django.apps.registry import Apps
from django.db import DatabaseError, models
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.utils._functional import classproperty
from django.utils.timezone import now


class MigrationRecorder:
    """The applied migrations of one connection."""

    _migration_class = None

    @classproperty
    def Migration(cls):
        # The registry must be there before the model is, so it is made when first asked for.
        if cls._migration_class is None:

            class Migration(models.Model):
                app = models.CharField(max_length=255)
                name = models.CharField(max_length=255)
                applied = models.DateTimeField(default=now)

                class Meta:
                    apps = Apps()
                    app_label = "migrations"
                    db_table = "django_migrations"

                def __str__(self):
                    return f"Migration {self.name} for {self.app}"

            cls._migration_class = Migration
        return cls._migration_class

    def __init__(self, connection):
        self.connection = connection

    @property
    def migration_qs(self):
        return self.Migration.objects.using(self.connection.alias)

    def has_table(self):
        table = self.Migration._meta.db_table
        with self.connection.cursor() as cursor:
            return table in self.connection.introspection.table_names(cursor)

    def ensure_schema(self):
        if self.has_table():
            return
        try:
            with self.connection.schema_editor() as editor:
                editor.create_model(self.Migration)
        except DatabaseError as error:
            message = "Unable to create the django_migrations table (%s)" % error
            raise MigrationSchemaMissing(message)

    def applied_migrations(self):
        if not self.has_table():
            return {}
        return {(m.app, m.name): m for m in self.migration_qs.order_by("id")}

    def record_applied(self, app, name):
        self.ensure_schema()
        self.migration_qs.create(app=app, name=name)

    def record_unapplied(self, app, name):
        self.ensure_schema()
        self.migration_qs.filter(app=app, name=name).delete()

    def flush(self):
        self.migration_qs.all().delete()
