"""The database's own shell."""

import os


class BaseDatabaseClient:
    executable_name = None

    def __init__(self, connection):
        self.connection = connection

    def __del__(self):
        del self.connection

    @classmethod
    def settings_to_cmd_args_env(cls, settings_dict, parameters):
        raise NotImplementedError(
            "subclasses of BaseDatabaseClient must provide a "
            "settings_to_cmd_args_env() method or override a runshell()."
        )

    def runshell(self, parameters):
        import subprocess

        given = self.connection.settings_dict
        args, extra = self.settings_to_cmd_args_env(given, parameters)
        env = {**os.environ, **extra} if extra else None
        subprocess.run(args, env=env, check=True)
