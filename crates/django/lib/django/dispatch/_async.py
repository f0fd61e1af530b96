"""Sending signals where a receiver, or the sender, is a coroutine."""

import asyncio
import contextvars

from asgiref.sync import _take_over, async_to_sync, sync_to_async


async def _together(coroutines):
    """Runs coroutines side by side; what they set in the context stays set."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(c, context=context) for c in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        _take_over(context)


async def _caught(signal, receiver, sender, named):
    try:
        return await receiver(signal=signal, sender=sender, **named)
    except Exception as error:
        signal._log_robust_failure(receiver, error)
        return error


def _call_all(signal, receivers, sender, named):
    return [(r, r(signal=signal, sender=sender, **named)) for r in receivers]


def _call_all_robust(signal, receivers, sender, named):
    results = []
    for receiver in receivers:
        try:
            answer = receiver(signal=signal, sender=sender, **named)
        except Exception as error:
            signal._log_robust_failure(receiver, error)
            answer = error
        results.append((receiver, answer))
    return results


async def _await_all(signal, receivers, sender, named):
    answers = await _together(
        [r(signal=signal, sender=sender, **named) for r in receivers]
    )
    return list(zip(receivers, answers))


async def _await_all_robust(signal, receivers, sender, named):
    answers = await _together(
        [_caught(signal, r, sender, named) for r in receivers]
    )
    return list(zip(receivers, answers))


def send(signal, sender, named, robust):
    """From plain code: plain receivers first, then a loop for the others."""
    plain, waiting = signal._live_receivers(sender)
    call, wait = (
        (_call_all_robust, _await_all_robust) if robust else (_call_all, _await_all)
    )
    results = call(signal, plain, sender, named)
    if waiting:
        results += async_to_sync(wait)(signal, waiting, sender, named)
    return results


async def asend(signal, sender, named, robust):
    """From a coroutine."""
    plain, waiting = signal._live_receivers(sender)
    call, wait = (
        (_call_all_robust, _await_all_robust) if robust else (_call_all, _await_all)
    )
    results = []
    if plain:
        results += await sync_to_async(call)(signal, plain, sender, named)
    if waiting:
        results += await wait(signal, waiting, sender, named)
    return results
