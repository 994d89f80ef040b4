"""The fault of each runbook page."""

from trial import Fault

FAULTS = {}


def fault(page, shows, **variables):
    """Registers a function as the fault of a page; see `Fault`. In a variable, {folder} is the stack's folder."""

    def register(bring):
        FAULTS[page] = Fault(bring, shows, variables)
        return bring

    return register


from . import events, exports, processes, provider, servers, store  # noqa: E402, F401
