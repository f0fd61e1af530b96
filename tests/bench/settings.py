# No query log: what is measured is the ORM.
DEBUG = False
