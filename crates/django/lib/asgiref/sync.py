"""``async_to_sync`` and ``sync_to_async`` where everything happens on one thread.

A plain function called from a coroutine does not see the loop, as if it ran on a thread of its
own; so a loop may be started inside it. Context variables set on the inner side are seen outside.
"""

import asyncio
import contextvars
import functools
from inspect import iscoroutinefunction, markcoroutinefunction  # noqa: F401


def _take_over(context):
    for variable in context:
        value = context[variable]
        try:
            if variable.get() is value:
                continue
        except LookupError:
            pass
        variable.set(value)


class AsyncToSync:
    """A coroutine function as a plain one."""

    def __init__(self, awaitable, force_new_loop=False):
        self.awaitable = awaitable
        self.force_new_loop = force_new_loop
        functools.update_wrapper(self, awaitable, updated=())

    def __call__(self, *args, **kwargs):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise RuntimeError(
                "You cannot use AsyncToSync in the same thread as an async event loop - "
                "just await the async function directly."
            )
        context = contextvars.copy_context()

        async def main():
            return await self.awaitable(*args, **kwargs)

        try:
            with asyncio.Runner() as runner:
                return runner.run(main(), context=context)
        finally:
            _take_over(context)

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return functools.partial(self.__call__, instance)


class SyncToAsync:
    """A plain function as a coroutine function."""

    def __init__(self, func, thread_sensitive=True, executor=None, context=None):
        if not callable(func) or iscoroutinefunction(func):
            raise TypeError("sync_to_async can only be applied to sync functions.")
        self.func = func
        functools.update_wrapper(self, func, updated=())
        markcoroutinefunction(self)

    async def __call__(self, *args, **kwargs):
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is not None:
            asyncio.tasks._leave_task(loop, task)
        asyncio._set_running_loop(None)
        try:
            return self.func(*args, **kwargs)
        finally:
            asyncio._set_running_loop(loop)
            if task is not None:
                asyncio.tasks._enter_task(loop, task)

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return functools.partial(self.__call__, instance)


def async_to_sync(awaitable=None, *, force_new_loop=False):
    if awaitable is None:
        return functools.partial(AsyncToSync, force_new_loop=force_new_loop)
    return AsyncToSync(awaitable, force_new_loop=force_new_loop)


def sync_to_async(func=None, *, thread_sensitive=True, executor=None, context=None):
    if func is None:
        return lambda f: SyncToAsync(f, thread_sensitive, executor, context)
    return SyncToAsync(func, thread_sensitive, executor, context)
