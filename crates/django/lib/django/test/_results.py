"""Results of tests that say more than whether they passed."""

import logging
import unittest
from io import StringIO

from django.db import reset_queries


class DebugSQLTextTestResult(unittest.TextTestResult):
    """Prints the SQL that a failed test ran."""

    def __init__(self, stream, descriptions, verbosity, **kwargs):
        self.logger = logging.getLogger("django.db.backends")
        self.logger.setLevel(logging.DEBUG)
        self.debug_sql_stream = None
        super().__init__(stream, descriptions, verbosity, **kwargs)

    def startTest(self, test):
        self.debug_sql_stream = StringIO()
        self.handler = logging.StreamHandler(self.debug_sql_stream)
        self.logger.addHandler(self.handler)
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.logger.removeHandler(self.handler)
        reset_queries()

    def _said(self):
        return self.debug_sql_stream.getvalue() if self.debug_sql_stream else ""

    def addError(self, test, err):
        super().addError(test, err)
        self.errors[-1] = (*self.errors[-1], self._said())

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.failures[-1] = (*self.failures[-1], self._said())

    def printErrorList(self, flavour, errors):
        for test, err, sql in errors:
            self.stream.writeln(self.separator1)
            self.stream.writeln(f"{flavour}: {self.getDescription(test)}")
            self.stream.writeln(self.separator2)
            self.stream.writeln(err)
            self.stream.writeln(self.separator2)
            self.stream.writeln(sql)
