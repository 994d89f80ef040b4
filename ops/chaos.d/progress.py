"""The progress line: updated in place on a terminal, printed at intervals elsewhere."""

import contextlib
import shutil
import sys
import threading
import time

import store as store_

EVERY = 10  # seconds, if lines cannot be overwritten


class Progress:
    def __init__(self, total, store, now, quiet):
        """`now`: the current activity, in words."""
        self.total, self.store, self.now, self.quiet = total, store, now, quiet
        self.counts, self.began, self.next_line, self.lock = {}, time.monotonic(), 0, threading.Lock()
        self.is_terminal = sys.stderr.isatty()

    def say(self, text):
        with self.lock:
            print(("\r\x1b[K" if self.is_terminal else "") + text, file=sys.stderr, flush=True)

    def finished(self):
        return self.counts.get("COMPLETED", 0) + self.counts.get("FAILED", 0)

    def update(self, phase):
        # While Redis is killed, the last counts remain.
        with contextlib.suppress(OSError, ValueError):
            self.counts = self.store.counts()
        if self.quiet:
            return
        done, width = self.finished(), 24
        bar = "█" * int(width * min(1, done / self.total))
        counts = "  ".join(f"{status.lower()} {self.counts.get(status, 0)}" for status in store_.STATUSES)
        line = f"{bar:<{width}} {done}/{self.total}  {time.monotonic() - self.began:.0f} s  {counts}  {phase}  {self.now()}"
        if self.is_terminal:
            with self.lock:
                print("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1], end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= self.next_line:
            self.next_line = time.monotonic() + EVERY
            self.say(line)

    def end_line(self):
        if self.is_terminal and not self.quiet:
            print(file=sys.stderr, flush=True)
