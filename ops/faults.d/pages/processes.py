"""Services that hang or end."""

import time

from stack import until

from . import fault


@fault("orphaned-jobs", [r"no consumer", r"oldest timer \d+ s overdue", r"next check +now"], WAIT=10)
def orphaned_jobs(stack):
    """The only orchestrator hangs, and the only worker has died."""
    stack.begin()
    waiting = stack.jobs(12, durationSeconds=4)
    stack.wait_for("POLLING", waiting)
    stack.processes["worker-1"].kill()
    stack.processes["orchestrator-1"].freeze()
    until(lambda: min(map(int, stack.store.due_at(waiting).values())) < 1000 * (time.time() - 2), 30, "no timer is overdue")
    yield from ()


@fault("rolling-upgrade", [r"^longhaul_build_info", r"✓ store"], WAIT=10)
def rolling_upgrade(stack):
    """Two services of each role, and jobs in each phase before, while and after they are replaced."""
    stack.begin(orchestrators=2, workers=2)
    stack.jobs(20, "before", durationSeconds=6)
    stack.jobs(5, "slow", durationSeconds=1, faults={"slowBody": 1})
    yield "Fix 1"
    stack.jobs(20, "meanwhile", durationSeconds=3)
    yield "Verify 1"
    stack.jobs(20, "after", durationSeconds=1)
