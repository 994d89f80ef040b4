"""Creates waiting jobs at the simulated API and sets their timers."""

from stack import LIMITS
from support import say, until

# Later than the end of any measurement.
NEVER = "{ policy: fixed, interval: 12h, maxWait: 7d, maxAttempts: 1000000 }"
PARAMETERS = {"report": "orders", "from": "2026-11-01", "to": "2026-11-02", "region": "eu"}
PORTION = 50_000


def every(seconds):
    """A polling policy."""
    return f"{{ policy: fixed, interval: {max(10, round(seconds * 1000))}ms, maxWait: 7d, maxAttempts: 1000000 }}"


def admit(stack, jobs, already=0, parameters=None):
    """Brings more jobs to POLLING with the running orchestrators. Returns their names."""
    names = []
    while len(names) < jobs:
        names += stack.submit(min(PORTION, jobs - len(names)), parameters or PARAMETERS)
        wanted = already + len(names)
        until(lambda wanted=wanted: stack.store.counts()["POLLING"] >= wanted, 120 + PORTION / 100, f"{wanted} jobs in POLLING", pause=0.2)
        if jobs > PORTION:
            say(f"{wanted} jobs wait")
    return names


def waiting_jobs(stack, jobs, limits=LIMITS):
    """Brings jobs to POLLING with all checks far in the future and no orchestrator running. Returns their names."""
    say(f"bringing {jobs} jobs to POLLING")
    stack.provider(NEVER, limits)
    stack.role("admission", "orchestrator")
    try:
        names = admit(stack, jobs)
    finally:
        stack.stop("admission")
    forget_versions(stack, names)
    return names


# A job keeps the version of the provider file that it was created with, and the measurements change the file.
FORGET = """
for _, key in ipairs(KEYS) do
    local handle = redis.call('HGET', key, 'export')
    local rest = handle and string.match(handle, '^{"@":{"plan":"%x+"},?(.*)$')
    if rest then redis.call('HSET', key, 'export', '{' .. rest) end
end
"""


def forget_versions(stack, names):
    """Lets the jobs use the present version of the provider file."""
    by_tag = {}
    for name in names:
        by_tag.setdefault(stack.store.tag(name), []).append(name)
    for tag, members in by_tag.items():
        for start in range(0, len(members), 1000):
            keys = [f"{tag}job:{name}" for name in members[start : start + 1000]]
            stack.store.call(["EVAL", FORGET, len(keys), *keys])


def tags(store):
    return [store.tag_of(partition) for partition in range(store.partitions)]


def retime(stack, first, last, portion=None, names=None):
    """Spreads timers evenly from `first` to `last`, in seconds from now by Redis's clock: all timers of each partition, or `portion`
    random ones, or those of the jobs `names`. Returns their number and the first time in milliseconds."""
    store, now, moved = stack.store, clock(stack), 0
    for tag in tags(store):
        if names:
            members = [name for name in names if store.tag(name) == tag]
        else:
            members = store.call(["ZRANDMEMBER", f"{tag}due", portion] if portion else ["ZRANGE", f"{tag}due", 0, -1])[0]
        commands = []
        for start in range(0, len(members), 100):
            words = ["ZADD", f"{tag}due", "XX"]
            for position in range(start, min(start + 100, len(members))):
                at = first + (last - first) * position / len(members)
                words += [now + int(at * 1000), members[position]]
            commands.append(words)
        if commands:
            store.call(*commands)
        moved += len(members)
    return moved, now + int(first * 1000)


def undone(stack, before):
    """The number of timers due before a time in milliseconds: unclaimed ones, and those with wakes in progress, whose lease ends soon."""
    return sum(stack.store.call(*(["ZCOUNT", f"{tag}due", "-inf", before] for tag in tags(stack.store))))


def clock(stack):
    """Redis's clock in milliseconds."""
    seconds, microseconds = stack.store.call(["TIME"])[0]
    return int(seconds) * 1000 + int(microseconds) // 1000
