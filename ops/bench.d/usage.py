"""Reads CPU time and memory of processes from /proc."""

import os
import resource
import time

TICKS = os.sysconf("SC_CLK_TCK")


def trees(roots):
    """The statistics of each root's processes: those of its session and their descendants (Erlang has helper processes, Celery a pool)."""
    processes = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stat:
                # The second field is the program's name, which may contain spaces and parentheses.
                processes[int(name)] = stat.read().rsplit(")", 1)[1].split()
        except OSError:
            pass  # the process has ended meanwhile
    found = {root: [] for root in roots}
    for pid, fields in processes.items():
        root = pid if pid in found else int(fields[3])
        ancestor = pid
        while root not in found and ancestor in processes:
            ancestor = int(processes[ancestor][1])
            root = ancestor
        if root in found:
            found[root].append((pid, fields))
    return found


def cpu(roots):
    """CPU seconds of each root's processes, including those that have ended and were waited for (Redis forks to rewrite its log)."""
    return {root: sum(sum(map(int, fields[11:15])) for _, fields in members) / TICKS for root, members in trees(roots).items()}


def precise_cpu(roots):
    """As `cpu`, to the nanosecond instead of to the tick, but only of processes and threads that still run: for small loads on processes
    whose threads stay."""
    return {root: sum(thread_seconds(pid) for pid, _ in members) for root, members in trees(roots).items()}


def thread_seconds(pid):
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
                total += int(stat.read().split()[0])
    except OSError:
        pass  # it has ended meanwhile
    return total / 1e9


def resident(root):
    """Memory in bytes. Pages that a process shares with its parent count twice."""
    return sum(int(fields[21]) for _, fields in trees([root])[root]) * os.sysconf("SC_PAGE_SIZE")


def machine():
    """CPU seconds that the whole machine used, and that its host took (steal)."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, interrupts, soft, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + interrupts + soft) / TICKS, steal / TICKS


def own():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


class Window:
    """A context manager that measures what the named processes use."""

    def __init__(self, pids, read=cpu):
        self.pids, self.read = pids, read

    def __enter__(self):
        self.before, self.machine_before, self.own_before = self.read(self.pids.values()), machine(), own()
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.began
        after, (busy, stolen), mine = self.read(self.pids.values()), machine(), own()
        self.cpu = {name: after[pid] - self.before[pid] for name, pid in self.pids.items()}
        self.total = sum(self.cpu.values())
        others = busy - self.machine_before[0] - self.total - (mine - self.own_before)
        # Shares of one core: this script, all processes that are not measured, and what the host took.
        self.bench = (mine - self.own_before) / self.seconds
        self.others = max(0.0, others) / self.seconds
        self.stolen = (stolen - self.machine_before[1]) / self.seconds

    def disturbance(self):
        return {"% of a core used by others": round(100 * (self.others + self.stolen), 1)}
