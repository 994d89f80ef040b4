"""One page on one stack: the fault, its symptom, the page's commands, and what has become of the jobs."""

import os
import re
import time

from page import printed
from services import Services
from shell import Shell
from stack import until

# Seconds for the symptom to show, for the page's blocks, and for the jobs to end afterwards.
SYMPTOM, BLOCKS, ENDS = 60, 150, 60


class Fault:
    """`bring`: a generator function of the stack. It brings the stack into the fault, and then yields the name of the block before which it
    goes on as the operator would, such as `Fix 1`. What follows its last `yield` comes after Verify if that is `the end`.
    `shows`: patterns of what Diagnose prints. `variables`: of the page."""

    def __init__(self, bring, shows, variables):
        self.bring, self.shows, self.variables = bring, shows, variables

    def missing(self, output):
        return [pattern for pattern in self.shows if not re.search(pattern, output, re.MULTILINE)]


class Trial:
    def __init__(self, page, fault, stack, say):
        self.page, self.fault, self.stack, self.say = page, fault, stack, say
        self.steps, self.next, self.begun, self.symptom = None, None, None, SYMPTOM
        self.shell, self.services = None, None

    def run(self):
        """The problems: none if the page works."""
        self.begun = time.monotonic()
        self.tell("starting servers and services, and bringing them into the fault")
        self.steps = self.fault.bring(self.stack)
        self.advance()
        stack = self.stack
        self.shell = Shell(os.path.join(stack.folder, "page"), stack.program, stack.servers, stack.environment)
        self.services = Services(self.shell.socket, self.act)
        try:
            return self.wait_for_symptom() or self.run_blocks() or self.settle()
        finally:
            self.services.close()
            self.shell.end()

    def advance(self):
        self.next = next(self.steps, None)

    def act(self, command, *names):
        """What the page's script asks for."""
        if command == "reached":
            self.tell(names[0])
            if names[0] == self.next:
                self.advance()
        else:
            self.stack.service(command, *names)

    def wait_for_symptom(self):
        seen = []

        def is_shown():
            code, output = self.shell.run("diagnosis", self.page.diagnosis(), self.variables(), BLOCKS)
            seen[:] = [(output, ["an end of Diagnose"] if code is None else self.fault.missing(output))]
            return not seen[0][1]

        try:
            until(is_shown, self.symptom, "no symptom", pause=0.5)
        except TimeoutError:
            output, missing = seen[0]
            return [f"Diagnose does not show {', '.join(missing)}; it prints:\n{output}"]
        self.tell("Diagnose shows the symptom; running the page")
        return []

    def run_blocks(self):
        code, output = self.shell.run("page", self.page.script(), self.variables(), BLOCKS)
        found = printed(output)
        problems = [f"Diagnose does not show {pattern}" for pattern in self.fault.missing(output.partition("=== Fix 1\n")[0])]
        if self.services.problem:
            problems.append(f"{type(self.services.problem).__name__}: {self.services.problem}")
        if "stopped" in found:
            problems.append(f"Verify failed: {found['stopped'].strip()}")
        elif code is None:
            problems.append(f"the blocks have not ended after {BLOCKS} s")
        elif code != 0 or "passed" not in found:
            problems.append(f"the blocks ended with exit code {code}")
        return [*problems, f"it prints:\n{output}"] if problems else []

    def settle(self):
        if self.next == "the end":
            self.advance()
        if self.next:
            return [f"the page has no block {self.next}"]
        self.tell("waiting for the jobs")
        return self.stack.problems(ENDS)

    def variables(self):
        addresses = {}
        for role in ("orchestrator", "worker"):
            port = self.stack.ports.get(f"{role}-1")
            addresses[role.upper()] = f"http://127.0.0.1:{port}"
        return {**addresses, **{name: str(value).format(folder=self.stack.folder) for name, value in self.fault.variables.items()}}

    def tell(self, text):
        self.say(f"{self.page.name}: {time.monotonic() - self.begun:5.1f} s  {text}")
