"""Ends a process and what it has started, by process id."""

import os
import signal
import subprocess


def end(process):
    family = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # What outlived it. The start time tells whether a number belongs to another process by now.
    for pid, started in {**family, **descendants(process.pid)}.items():
        if stat(pid) and stat(pid)["started"] == started:
            os.kill(pid, signal.SIGKILL)


def descendants(root):
    """Process id and start time of all below a process or in its session: a service gives some of its processes other sessions."""
    table = {int(name): stat(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    found, grown = {root}, True
    while grown:
        more = {pid for pid, entry in table.items() if entry and (entry["parent"] in found or entry["session"] == root)}
        grown = not more <= found
        found |= more
    return {pid: table[pid]["started"] for pid in found - {root}}


def stat(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            # Behind the name in parentheses: state, parent, group, session, …; the start time is the 20th.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return {"parent": int(fields[1]), "session": int(fields[3]), "started": fields[19]}
