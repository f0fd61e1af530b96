"""Test databases of SQLite: in memory, or a file."""

import os
import shutil
import sqlite3
import sys

from django.db import NotSupportedError
from django.db.backends.base.creation import BaseDatabaseCreation


class DatabaseCreation(BaseDatabaseCreation):
    @staticmethod
    def is_in_memory_db(database_name):
        if isinstance(database_name, os.PathLike):
            return False
        return database_name == ":memory:" or "mode=memory" in database_name

    def _get_test_db_name(self):
        name = self.connection.settings_dict["TEST"]["NAME"] or ":memory:"
        if name == ":memory:":
            return f"file:memorydb_{self.connection.alias}?mode=memory&cache=shared"
        return name

    def _create_test_db(self, verbosity, autoclobber, keepdb=False):
        name = self._get_test_db_name()
        if keepdb or self.is_in_memory_db(name):
            return name
        if verbosity >= 1:
            shown = self._get_database_display_str(verbosity, name)
            self.log(f"Destroying old test database for alias {shown}...")
        if os.access(name, os.F_OK):
            if not autoclobber and not _agreed(name):
                self.log("Tests cancelled.")
                sys.exit(1)
            _remove(name)
        return name

    def get_test_db_clone_settings(self, suffix):
        given = self.connection.settings_dict
        name = given["NAME"]
        if not self.is_in_memory_db(name):
            root, ext = os.path.splitext(name)
            return {**given, "NAME": f"{root}_{suffix}{ext}"}
        method = _start_method()
        if method == "fork":
            return given
        if method in ("forkserver", "spawn"):
            return {**given, "NAME": f"{self.connection.alias}_{suffix}.sqlite3"}
        raise NotSupportedError(f"Cloning with start method {method!r} is not supported.")

    def _clone_test_db(self, suffix, verbosity, keepdb=False):
        source = self.connection.settings_dict["NAME"]
        target = self.get_test_db_clone_settings(suffix)["NAME"]
        if source == target or self.is_in_memory_db(source):
            return
        if os.access(target, os.F_OK):
            if keepdb:
                return
            if verbosity >= 1:
                shown = self._get_database_display_str(verbosity, target)
                self.log(f"Destroying old test database for alias {shown}...")
            _remove(target)
        try:
            shutil.copy(source, target)
        except Exception as e:
            self.log(f"Got an error cloning the test database: {e}")
            sys.exit(2)

    def _destroy_test_db(self, test_database_name, verbosity):
        if test_database_name and not self.is_in_memory_db(test_database_name):
            _remove(test_database_name)

    def test_db_signature(self):
        name = self._get_test_db_name()
        signature = [self.connection.settings_dict["NAME"]]
        # Databases in memory differ by alias alone.
        signature.append(self.connection.alias if self.is_in_memory_db(name) else name)
        return tuple(signature)

    def setup_worker_connection(self, _worker_id):
        given = self.get_test_db_clone_settings(str(_worker_id))
        connection = self.connection
        alias = connection.alias
        method = _start_method()
        in_memory = f"file:memorydb_{alias}_{_worker_id}?mode=memory&cache=shared"
        if method == "fork":
            connection.settings_dict.update(given)
            connection.close()
            return
        source = connection.Database.connect(f"file:{given['NAME']}?mode=ro", uri=True)
        connection.settings_dict.update({**given, "NAME": in_memory})
        target = sqlite3.connect(in_memory, uri=True)
        source.backup(target)
        source.close()
        # The database lives as long as somebody is connected to it.
        connection.connect()
        target.close()


def _start_method():
    """How workers come to life. There is no multiprocessing everywhere."""
    import multiprocessing

    return multiprocessing.get_start_method()


def _agreed(name):
    answer = input(
        f"Type 'yes' if you would like to try deleting the test database '{name}', "
        "or 'no' to cancel: "
    )
    return answer == "yes"


def _remove(name):
    try:
        os.remove(name)
    except Exception as e:
        sys.stderr.write(f"Got an error deleting the old test database: {e}\n")
        sys.exit(2)
