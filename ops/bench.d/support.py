"""What every part needs: waiting, telling, failing, quantiles."""

import sys
import time


class Failure(Exception):
    """The measurement could not be made; says why."""


def say(text):
    print(f"ops/bench: {text}", file=sys.stderr, flush=True)


def until(condition, seconds, what, pause=0.1):
    """The first true value of `condition`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"no {what} after {seconds:.0f} s")
        time.sleep(pause)


def settled(read, seconds=5):
    """A reading once it has stopped growing: the least of the last few."""
    values = [read()]
    for _ in range(seconds):
        time.sleep(1)
        values.append(read())
    return min(values[-3:])


def quantile(values, share):
    """Of sorted values, the one below which so large a share of them lies."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


def micro(seconds, number):
    """Microseconds an operation."""
    return round(1e6 * seconds / max(number, 1), 1)


def mebibytes(count):
    return round(count / 2**20, 1)
