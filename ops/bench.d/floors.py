"""The minimum CPU time of the work on this machine, from the measurements of the raw programs in this run.

A floor is a sum of raw costs. Each is the CPU time of the client and of the server, RabbitMQ or Redis. For HTTP only the client counts,
because the server is the stub of an API, which runs on another machine in production. A floor contains only work that no program for
this task on these servers can avoid: no JSON, no state machine, no metrics.
"""

# The most wakes that Longhaul puts into one message, and the approximate size of a wake.
WAKES_A_MESSAGE, WAKE_BYTES = 50, 230

TRANSIENT = "message, transient"
WAKES = f"message of {WAKES_A_MESSAGE} wakes, transient"
CONFIRMED = "message, quorum and confirmed"
SCRIPT = "script of two writes"
GET = "GET"
FILE = "file in the output folder"


def cost(raw, operation):
    """CPU time of one operation in microseconds. `raw` is the result of the part `raw`."""
    return raw[f"{operation}: our µs"] + raw.get(f"{operation}: server µs", 0)


def poll_cycle(raw):
    """One status check step by step: claim the timer (a script); publish, deliver and acknowledge a wake (a message); a GET; plan the
    next check (a script)."""
    return cost(raw, TRANSIENT) + 2 * cost(raw, SCRIPT) + raw[f"{GET}: our µs"]


def poll_cycle_one_script(raw):
    """The same with one script that claims and plans."""
    return poll_cycle(raw) - cost(raw, SCRIPT)


def poll_cycle_batched(raw):
    """With one script, and with as many wakes in a message as Longhaul sends under load: a fiftieth of such a message."""
    return poll_cycle_one_script(raw) - cost(raw, TRANSIENT) + cost(raw, WAKES) / WAKES_A_MESSAGE


def small_job(raw):
    """One job with one small file: the job message and the download message, both in a quorum queue and confirmed; four requests (create,
    status, listing, file) and another that stores the file; six scripts (admitted, created, ready, listed, file stored, completed).
    Assumes that a POST or PUT of a few hundred bytes costs the client as much as a GET."""
    return 2 * cost(raw, CONFIRMED) + 5 * raw[f"{GET}: our µs"] + 6 * cost(raw, SCRIPT)


def small_job_in_folder(raw):
    """The same with the file stored in a folder, the default of the part `jobs`, instead of by a PUT."""
    return small_job(raw) - raw[f"{GET}: our µs"] + cost(raw, FILE)


FLOORS = {
    "floor of a poll cycle, a message and two scripts, µs": poll_cycle,
    "floor of a poll cycle, a message and one script, µs": poll_cycle_one_script,
    "floor of a poll cycle, 50 wakes a message and one script, µs": poll_cycle_batched,
    "floor of a small job, stored by a PUT, µs": small_job,
    "floor of a small job, stored in a folder, µs": small_job_in_folder,
}
