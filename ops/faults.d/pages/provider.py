"""A provider that does not answer, or refuses."""

import os

from stack import until

from . import fault


@fault("breaker-open", [r"^sandbox +open"], WAIT=3)
def breaker_open(stack):
    """The API stands still, and works again when the operator looks."""
    stack.begin(
        timeouts="{ connect: 1s, firstByte: 1s }",
        retry="{ attempts: 1000, base: 100ms, cap: 500ms }",
        breaker="{ window: 10s, openFor: 20s, longest: 1m }",
    )
    waiting = stack.jobs(30, durationSeconds=8)
    stack.wait_for("POLLING", waiting)
    stack.processes["sandbox"].freeze()
    yield "Fix 1"
    stack.processes["sandbox"].thaw()


@fault(
    "provider-held",
    [r"^sandbox +held", r"check the secret", r"provider_held\{.*http-401"],
    WAIT=3,
    SECRET="right",
    SECRET_FILE="{folder}/token",
)
def provider_held(stack):
    """The file of the secret has a token that the API refuses."""
    path = os.path.join(stack.folder, "token")
    with open(path, "w") as file:
        file.write("wrong")
    stack.begin(token="right", secret={"FAULTS_TOKEN_FILE": path})
    stack.jobs(6)
    until(lambda: stack.store.holds(["sandbox"]), 30, "the provider is not held")
    yield from ()
