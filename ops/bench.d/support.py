"""Shared by all parts: waiting, printing, failing, quantiles."""

import sys
import time


class Failure(Exception):
    """The measurement failed; the message says why."""


def say(text):
    print(f"ops/bench: {text}", file=sys.stderr, flush=True)


def until(condition, seconds, what, pause=0.1):
    """Waits for the first true value of `condition` and returns it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"no {what} after {seconds:.0f} s")
        time.sleep(pause)


def settled(read, seconds=5):
    """Waits until a reading stops growing and returns the minimum of the last few."""
    values = [read()]
    for _ in range(seconds):
        time.sleep(1)
        values.append(read())
    return min(values[-3:])


def quantile(values, share):
    """The quantile of sorted values."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


def micro(seconds, number):
    """Microseconds per operation."""
    return round(1e6 * seconds / max(number, 1), 1)


def mebibytes(count):
    return round(count / 2**20, 1)
