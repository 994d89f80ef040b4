"""Many timers due at the same instant: the time until all have been handled, and whether each was handled once."""

import time

import metrics
import prepare
from stack import Stack
from support import Failure, say, until

RUNS = 3
LEASE = 30


def run(options, _):
    jobs = options.jobs or 100_000
    with Stack(options.program, LONGHAUL_LEASE=f"{LEASE}s") as stack:
        stack.run("setup")
        stack.stub()
        prepare.waiting_jobs(stack, jobs)
        stack.role("orchestrator-1", "orchestrator")
        requests, before = stack.requests()["status"], metrics.scrape(stack, ["orchestrator-1"])
        moved, due = prepare.retime(stack, max(3, jobs / 20_000), max(3, jobs / 20_000))
        if prepare.clock(stack) >= due:
            raise Failure("setting the timers took longer than until they were due")
        say(f"{moved} timers are due at once")
        time.sleep((due - prepare.clock(stack)) / 1000)
        # A claim moves its timer by the lease, a check by hours. Timers before this time are not done.
        until(lambda: prepare.undone(stack, due + 3_600_000) == 0, 60 + jobs / 500, "end of the burst", pause=0.02)
        drained = prepare.clock(stack) - due
        say("waiting for a lease, whether any timer fires again")
        time.sleep(LEASE + 5)
        told = metrics.difference(before, metrics.scrape(stack, ["orchestrator-1"]))
        checks = metrics.total(told, "longhaul_checks_total")
        after = stack.requests()
        return {
            "timers": moved,
            "drained s": round(drained / 1000, 2),
            "timers/s": round(1000 * moved / max(drained, 1)),
            "requests too many": after["status"] - requests - moved,
            # The stub ignores idempotency keys: a create that is sent again makes another export, which is never checked.
            "exports created twice": after["created"] - jobs,
            "exports never asked": jobs - after["asked"],
            "exports asked again": after["askedAgain"],
            "claims too many": metrics.total(told, f"{metrics.LATENESS}_count") - moved,
            "checks without an answer that counts": checks - metrics.total(told, "longhaul_checks_total", outcome="not-ready"),
            "wakes refused": metrics.total(told, "longhaul_wakes_total", outcome="refused"),
            "wakes stale": metrics.total(told, "longhaul_wakes_total", outcome="stale")
            + metrics.total(told, "longhaul_stale_changes_total", of="job"),
        }
