"""The warnings that Django's own deprecations are."""


class RemovedInNextVersionWarning(DeprecationWarning):
    pass


class RemovedInDjango2028Warning(PendingDeprecationWarning):
    pass


RemovedAfterNextVersionWarning = RemovedInDjango2028Warning
RemovedInDjango70Warning = RemovedInDjango2028Warning
