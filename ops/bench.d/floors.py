"""The least CPU time that the work itself costs on this machine, from what the raw programs used in this run.

A floor is a sum of raw costs, each the CPU time of our side and of the server, RabbitMQ or Redis. Of HTTP only our side counts: the
other side is the stub of an API, which in production is somebody else's machine. It holds what nobody who does this work with these
servers could leave out, and nothing else: no JSON, no state machine, no metrics.
"""

# What Longhaul puts into one message at most, and about what one wake is long.
WAKES_A_MESSAGE, WAKE_BYTES = 50, 230

TRANSIENT = "message, transient"
WAKES = f"message of {WAKES_A_MESSAGE} wakes, transient"
CONFIRMED = "message, quorum and confirmed"
SCRIPT = "script of two writes"
GET = "GET"
FILE = "file in the output folder"


def cost(raw, operation):
    """Microseconds of CPU time of one: `raw` is the result of the part `raw`."""
    return raw[f"{operation}: our µs"] + raw.get(f"{operation}: server µs", 0)


def poll_cycle(raw):
    """One status check step by step: the timer claimed (a script), a wake published, delivered and acknowledged (a message), a GET, and the
    next check planned (a script)."""
    return cost(raw, TRANSIENT) + 2 * cost(raw, SCRIPT) + raw[f"{GET}: our µs"]


def poll_cycle_one_script(raw):
    """The same if claiming and planning were one script."""
    return poll_cycle(raw) - cost(raw, SCRIPT)


def poll_cycle_batched(raw):
    """With one script, and a message for as many wakes as Longhaul puts into one under load: a fiftieth of such a message."""
    return poll_cycle_one_script(raw) - cost(raw, TRANSIENT) + cost(raw, WAKES) / WAKES_A_MESSAGE


def small_job(raw):
    """One job with one small file: its message and its download's message, both in a quorum queue and confirmed; four requests (create,
    status, listing, file) and one more that stores the file; six scripts (admitted, created, ready, listed, file stored, completed).
    A POST and a PUT of a few hundred bytes are taken to cost our side what a GET does."""
    return 2 * cost(raw, CONFIRMED) + 5 * raw[f"{GET}: our µs"] + 6 * cost(raw, SCRIPT)


def small_job_in_folder(raw):
    """The same with the file stored in a folder, as the part `jobs` has it by default, instead of by a PUT."""
    return small_job(raw) - raw[f"{GET}: our µs"] + cost(raw, FILE)


FLOORS = {
    "floor of a poll cycle, a message and two scripts, µs": poll_cycle,
    "floor of a poll cycle, a message and one script, µs": poll_cycle_one_script,
    "floor of a poll cycle, 50 wakes a message and one script, µs": poll_cycle_batched,
    "floor of a small job, stored by a PUT, µs": small_job,
    "floor of a small job, stored in a folder, µs": small_job_in_folder,
}
