"""The cost of many waiting jobs: memory, the claim of a timer among them, and the start of an orchestrator."""

import time

import prepare
import usage
from stack import Stack
from support import mebibytes, say, settled, until

RUNS = 1
FEW, DUE, CLAIMS = 10_000, 4_000, 5
# Used by no other measurement: these numbers identify the claims in Redis's log.
LEASE, WATCHDOG = 31, 61


def run(options, _):
    jobs = options.jobs or 100_000
    few = min(FEW, jobs // 2)
    with Stack(options.program, LONGHAUL_LEASE=f"{LEASE}s", LONGHAUL_WATCHDOG=f"{WATCHDOG}s") as stack:
        stack.run("setup")
        stack.stub()
        stack.provider(prepare.NEVER, more="")
        stack.role("orchestrator", "orchestrator")
        # Warm: code is paged in and buffers have their working size. The cost of waiting is the memory on top of this.
        prepare.admit(stack, 2000)
        stack.clear()
        idle, empty = settled(lambda: usage.resident(stack.pid("orchestrator"))), memory(stack)
        begun = time.monotonic()
        prepare.admit(stack, few)
        seconds = time.monotonic() - begun
        portion = min(DUE, few // 2) // stack.store.partitions
        claim_of_few = claim(stack, portion)
        # The growth caused by the claims is not a cost of waiting.
        stack.stop("orchestrator")
        stack.role("orchestrator", "orchestrator")
        begun = time.monotonic()
        names = prepare.admit(stack, jobs - few, already=few)
        seconds += time.monotonic() - begun
        resident, bytes_ = settled(lambda: usage.resident(stack.pid("orchestrator"))), memory(stack) - empty
        with usage.Window({name: stack.pid(name) for name in ("orchestrator", "redis", "rabbitmq")}) as window:
            time.sleep(10)
        claim_of_many, of_neighbours = claim(stack, portion), claim(stack, portion, names)
        return {
            "jobs": jobs,
            "admitted and created a second": round(jobs / seconds),
            "bytes of Redis a job": round(bytes_ / jobs),
            "orchestrator idle MiB": mebibytes(idle),
            "orchestrator with waiting jobs MiB": mebibytes(resident),
            **{f"{name}: % of a core while they wait": round(100 * used / window.seconds, 2) for name, used in window.cpu.items()},
            f"claim of a timer among {few}, µs of Redis": claim_of_few,
            f"claim of a timer among {jobs}, µs of Redis": claim_of_many,
            "claim cost against that": round(claim_of_many / claim_of_few, 3),
            "claim of jobs created one after another, µs of Redis": of_neighbours,
            "orchestrator after the claims MiB": mebibytes(usage.resident(stack.pid("orchestrator"))),
            **restart(stack),
            "Redis MiB resident": mebibytes(usage.resident(stack.pid("redis"))),
        }


def memory(stack):
    """The size of Redis's data in bytes."""
    return int(stack.store.call(["INFO", "memory"])[0].split("used_memory:")[1].split()[0])


def claim(stack, portion, names=None):
    """Microseconds of the claim script per timer, from Redis's slow log, when `portion` random timers of each partition are due at once.
    With `names`, the same number of timers of jobs created one after another, of other jobs each time. These are adjacent in Redis's
    memory, so the difference shows the effect of the processor's caches. The log has the wall time of the script alone, so the minimum
    of a few measurements is the uninterrupted one."""
    store, costs, many = stack.store, [], portion * stack.store.partitions
    store.call(["CONFIG", "SET", "slowlog-max-len", 100_000], ["CONFIG", "SET", "slowlog-log-slower-than", 0])
    for number in range(CLAIMS):
        store.call(["SLOWLOG", "RESET"])
        neighbours = names and names[number * max(len(names) // CLAIMS, many) :][:many]
        moved, due = prepare.retime(stack, 1, 1, portion, neighbours)
        time.sleep(max(0, (due - prepare.clock(stack)) / 1000))
        until(lambda due=due: prepare.undone(stack, due + 3_600_000) == 0, 60, "claims")
        costs.append(
            sum(
                entry[2]
                for entry in store.call(["SLOWLOG", "GET", 100_000])[0]
                if entry[3][0].upper() == "EVALSHA" and {str(LEASE * 1000), str(WATCHDOG * 1000)} <= set(entry[3])
            )
            / moved
        )
    store.call(["CONFIG", "SET", "slowlog-log-slower-than", -1], ["SLOWLOG", "RESET"])
    return round(min(costs), 2)


def restart(stack):
    """Starts another orchestrator while the jobs wait."""
    say("starting an orchestrator again")
    stack.stop("orchestrator")
    begun = time.monotonic()
    stack.role("restarted", "orchestrator")
    seconds = time.monotonic() - begun
    return {
        "start of an orchestrator s": round(seconds, 2),
        "orchestrator started with them MiB": mebibytes(settled(lambda: usage.resident(stack.pid("restarted")))),
    }
