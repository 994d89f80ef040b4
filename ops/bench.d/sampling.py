"""Measures how late single jobs are checked, from their records in the store: exact, and outside the measured process."""

import operator
import time

from store import PROGRESS

take = operator.itemgetter(*(PROGRESS.index(name) for name in ("attempts", "lastPollAt", "nextPollAt")))


class Sample:
    """Follows some jobs. `nextPollAt` is when the next check is due, `lastPollAt` is when its result was stored."""

    def __init__(self, store, names):
        self.store = store
        self.keys = [f"{store.tag(name)}job:{name}" for name in names]

    def read(self):
        answers = self.store.call(*(["HGET", key, "progress"] for key in self.keys))
        return [tuple(int(number) for number in take(progress.split("\t"))) for progress in (answer.split("\x1e")[0] for answer in answers)]

    def lateness(self, seconds, pause):
        """Milliseconds from due to stored for each observed check, sorted. A negative value means an early check."""
        found, before, end = [], self.read(), time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(pause)
            now = self.read()
            # If two checks fall between two samples, the due time of the second is unknown.
            found += [new[1] - old[2] for old, new in zip(before, now) if new[0] == old[0] + 1]
            before = now
        return sorted(found)
