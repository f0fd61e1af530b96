"""`manage.py` of real Django for a project folder: FOLDER COMMAND ARGUMENT..."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import oracle_project

folder = os.path.abspath(sys.argv[1])
os.chdir(folder)
oracle_project.set_up(folder, os.path.join(folder, "db.sqlite3"))
from django.core.management import ManagementUtility

ManagementUtility(["manage.py", *sys.argv[2:]]).execute()
