"""Redis is full, loses its data, or is restored."""

import os
import re

from stack import until

from . import fault

WRONG = {"appendonly": "no", "appendfsync": "everysec", "maxmemory-policy": "allkeys-lru"}


@fault("redis-full", [r"errorstat_OOM", r"oldest timer \d+ s overdue"], WAIT=6, LIMIT="200mb")
def redis_full(stack):
    """Redis may not have more memory than it has."""
    stack.begin()
    waiting = stack.jobs(12, durationSeconds=3)
    stack.wait_for("POLLING", waiting)
    stack.store.call(["CONFIG", "SET", "maxmemory", "1mb"])
    yield "the end"
    stack.jobs(3, "after")


@fault("redis-lost", [r"holds no Longhaul store", r"appendonly is off", r"maxmemory-policy is allkeys-lru", r"^0$"], WAIT=4)
def redis_lost(stack):
    """Redis crashed, and came back empty and with settings that lose jobs. When the operator acts, it has crashed again."""
    stack.begin()
    stack.jobs(4, "delivered")
    forgotten = stack.jobs(8, "forgotten", durationSeconds=6)
    stack.wait_for("POLLING", forgotten)
    stack.wait_for("COMPLETED", [f"delivered-{number}" for number in range(1, 5)])
    stack.server("kill", "redis")
    path = os.path.join(stack.servers, "redis/redis.conf")
    with open(path) as file:
        text = file.read()
    for name, value in WRONG.items():
        text = re.sub(rf"(?m)^{name} .*", f"{name} {value}", text)
    with open(path, "w") as file:
        file.write(text)
    stack.server("start", "redis")
    yield "Fix 1"
    stack.server("kill", "redis")
    yield "the end"
    # With their ids, as the page says. The store knows none of them.
    stack.submit_again("delivered")
    stack.submit_again("forgotten")


@fault("backup-and-restore", [r"aof_enabled:1", r"appendonlydir"], WAIT=10, BACKUP="{folder}/backup")
def backup_and_restore(stack):
    """A copy is made while jobs run. The data is lost later, and the copy restored."""
    stack.begin()
    old = stack.jobs(8, "old", durationSeconds=5)
    stack.wait_for("POLLING", old)
    yield "Fix 2"
    new = stack.jobs(4, "new", durationSeconds=1)
    stack.wait_for("COMPLETED", [*old, *new])
    stack.store.call(["FLUSHALL"])
    yield "the end"
    until(lambda: stack.status(new) == {"unknown": len(new)}, 10, "jobs since the backup are known")
    stack.submit_again("new")
