"""Making and removing the databases that tests run in."""

import os
import sys
import warnings
from unittest import expectedFailure, skip

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.db import router
from django.db.transaction import atomic
from django.utils.module_loading import import_string

TEST_DATABASE_PREFIX = "test_"


class BaseDatabaseCreation:
    destroy_test_db_connection_close_method = "close"

    def __init__(self, connection):
        self.connection = connection

    def __del__(self):
        del self.connection

    def log(self, msg):
        sys.stderr.write(msg + os.linesep)

    def create_test_db(self, verbosity=1, autoclobber=False, serialize=None, keepdb=False):
        from django.core.management import call_command

        name = self._get_test_db_name()
        if verbosity >= 1:
            doing = "Using existing" if keepdb else "Creating"
            shown = self._get_database_display_str(verbosity, name)
            self.log(f"{doing} test database for alias {shown}...")
        self._create_test_db(verbosity, autoclobber, keepdb)
        self.connection.close()
        settings.DATABASES[self.connection.alias]["NAME"] = name
        self.connection.settings_dict["NAME"] = name
        modules = settings.MIGRATION_MODULES
        try:
            if self.connection.settings_dict["TEST"]["MIGRATE"] is False:
                # Every app is one without migrations, then.
                labels = [config.label for config in apps.get_app_configs()]
                settings.MIGRATION_MODULES = dict.fromkeys(labels)
            call_command(
                "migrate",
                verbosity=max(verbosity - 1, 0),
                interactive=False,
                database=self.connection.alias,
                run_syncdb=True,
            )
        finally:
            settings.MIGRATION_MODULES = modules
        if serialize is not None:
            self._warn_of_serialize()
            if serialize:
                self.connection._test_serialized_contents = self.serialize_db_to_string()
        self.connection.ensure_connection()
        if os.environ.get("RUNNING_DJANGOS_TEST_SUITE") == "true":
            self.mark_expected_failures_and_skips()
        return name

    def _warn_of_serialize(self):
        from django.utils.deprecation import RemovedInDjango2028Warning

        warnings.warn(
            "DatabaseCreation.create_test_db(serialize) is deprecated. Call "
            "DatabaseCreation.serialize_test_db() once all test databases are set up "
            "instead if you need fixtures persistence between tests.",
            RemovedInDjango2028Warning,
            stacklevel=3,
        )

    def set_as_test_mirror(self, primary_settings_dict):
        self.connection.settings_dict["NAME"] = primary_settings_dict["NAME"]

    def _serialized_objects(self):
        from django.db.migrations.loader import MigrationLoader

        migrated = MigrationLoader(self.connection).migrated_apps
        left_out = settings.TEST_NON_SERIALIZED_APPS
        for config in apps.get_app_configs():
            if config.models_module is None or config.label not in migrated:
                continue
            if config.name in left_out:
                continue
            for model in config.get_models():
                meta = model._meta
                if meta.can_migrate(self.connection) and router.allow_migrate_model(
                    self.connection.alias, model
                ):
                    rows = model._base_manager.using(self.connection.alias)
                    yield from rows.order_by(meta.pk.name).iterator(chunk_size=2000)

    def serialize_db_to_string(self):
        return serializers.serialize("json", self._serialized_objects(), indent=None)

    def serialize_test_db(self):
        self.connection._test_serialized_contents = self.serialize_db_to_string()

    def deserialize_db_from_string(self, data):
        tables = set()
        alias = self.connection.alias
        with atomic(using=alias), self.connection.constraint_checks_disabled():
            for one in serializers.deserialize("json", data, using=alias):
                one.save()
                tables.add(one.object.__class__._meta.db_table)
            # What refers to what is only right once everything is there.
            self.connection.check_constraints(table_names=tables)

    def _get_database_display_str(self, verbosity, database_name):
        shown = f" ({database_name!r})" if verbosity >= 2 else ""
        return f"{self.connection.alias!r}{shown}"

    def _get_test_db_name(self):
        given = self.connection.settings_dict
        return given["TEST"]["NAME"] or TEST_DATABASE_PREFIX + given["NAME"]

    def _execute_create_test_db(self, cursor, parameters, keepdb=False):
        cursor.execute("CREATE DATABASE %(dbname)s %(suffix)s" % parameters)

    def _create_test_db(self, verbosity, autoclobber, keepdb=False):
        raise NotImplementedError("databases on a server")

    def clone_test_db(self, suffix, verbosity=1, autoclobber=False, keepdb=False):
        if verbosity >= 1:
            name = self.connection.settings_dict["NAME"]
            doing = "Using existing clone" if keepdb else "Cloning test database"
            self.log(f"{doing} for alias {self._get_database_display_str(verbosity, name)}...")
        self._clone_test_db(suffix, verbosity, keepdb)

    def get_test_db_clone_settings(self, suffix):
        given = self.connection.settings_dict
        return {**given, "NAME": f"{given['NAME']}_{suffix}"}

    def _clone_test_db(self, suffix, verbosity, keepdb=False):
        raise NotImplementedError(
            "The database backend doesn't support cloning databases. "
            "Disable the option to run tests in parallel processes."
        )

    def destroy_test_db(
        self, old_database_name=None, verbosity=1, keepdb=False, suffix=None
    ):
        getattr(self.connection, self.destroy_test_db_connection_close_method)()
        if suffix is None:
            name = self.connection.settings_dict["NAME"]
        else:
            name = self.get_test_db_clone_settings(suffix)["NAME"]
        if verbosity >= 1:
            doing = "Preserving" if keepdb else "Destroying"
            shown = self._get_database_display_str(verbosity, name)
            self.log(f"{doing} test database for alias {shown}...")
        if not keepdb:
            self._destroy_test_db(name, verbosity)
        if old_database_name is not None:
            settings.DATABASES[self.connection.alias]["NAME"] = old_database_name
            self.connection.settings_dict["NAME"] = old_database_name

    def _destroy_test_db(self, test_database_name, verbosity):
        raise NotImplementedError("databases on a server")

    def mark_expected_failures_and_skips(self):
        features = self.connection.features
        for name in features.django_test_expected_failures:
            _mark(name, expectedFailure)
        for reason, names in features.django_test_skips.items():
            for name in names:
                _mark(name, skip(reason))

    def sql_table_creation_suffix(self):
        return ""

    def test_db_signature(self):
        given = self.connection.settings_dict
        return given["HOST"], given["PORT"], given["ENGINE"], self._get_test_db_name()

    def setup_worker_connection(self, _worker_id):
        given = self.get_test_db_clone_settings(str(_worker_id))
        # Whoever holds the dict sees the new name.
        self.connection.settings_dict.update(given)
        self.connection.close()


def _mark(name, mark):
    """Marks a test class, or one of its methods, or a function, of an installed app."""
    app = name.partition(".")[0]
    if app not in settings.INSTALLED_APPS:
        return
    owner_name, _, last = name.rpartition(".")
    owner_name, found = _holder(owner_name)
    setattr(found, last, mark(getattr(found, last)))


def _holder(path):
    """The module or the class of that path."""
    import importlib

    try:
        return path, importlib.import_module(path)
    except ImportError:
        return path, import_string(path)
