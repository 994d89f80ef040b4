"""Measures how long claimed work waits after a SIGKILL of the only orchestrator or worker and its restart."""

import json
import os
import time

from stack import until

# Time beyond the lease for the start of the new process and the delivery of the message.
MARGIN = 2.0
JOBS = 8


class Recovery:
    """Jobs are in progress at the kill because the simulated API does not respond, or sends a file slowly."""

    def __init__(self, stack, store, lease, say):
        self.stack, self.store, self.lease, self.say = stack, store, lease, say
        self.problems = []

    def run(self):
        """Seconds from the kill until the last job made progress: (orchestrator, worker)."""
        _, api = self.stack.sandbox("recovery", ["--slow-body", "10m", "--idle-timeout", "20m"])
        lines = {"polling": "{ policy: fixed, interval: 1s }", "timeouts": "{ firstByte: 10m, stall: 10m, whole: 10m }"}
        self.stack.provider("recovery", api, lines)
        environment = self.stack.environment | {"LONGHAUL_LEASE": f"{self.lease:g}s", "LONGHAUL_WATCHDOG": f"{2 * self.lease:g}s"}
        for role in ("orchestrator", "worker"):
            self.stack.start(f"only-{role}", role, environment=environment)
        try:
            # `submit` refuses a provider that only the orchestrators that have just ended could know.
            until(lambda: "recovery" in self.store.providers(), 30, "the orchestrator does not report its providers")
            return self.orchestrator(), self.worker()
        finally:
            for role in ("orchestrator", "worker"):
                self.stack.processes[f"only-{role}"].stop()

    def orchestrator(self):
        """The orchestrator dies while it creates exports, checks their status and lists their files."""
        jobs = [id for hang in ("create", "status", "files") for id in self.submit(f"orchestrator-{hang}", f"{hang}:hang")]

        def in_hand():
            records, due = self.store.jobs(jobs), self.store.due_at(jobs)
            status = {"create": "PENDING", "status": "POLLING", "files": "READY"}

            def is_claimed(id):
                # Claimed without a later step: a planned check's claim only moves its timer, and a job in READY is always claimed.
                record = records[id]
                moved = record.get("status") == "POLLING" and due[id] != record.get("nextPollAt")
                return moved or record.get("claims", "0") != "0" or "-files-" in id

            held = [id for id in jobs if records[id].get("status") == status[id.split("-")[2]] and is_claimed(id)]
            return records if len(held) == len(jobs) else None

        return self.measure("orchestrator", jobs, in_hand, self.moved_on)

    def worker(self):
        """The worker dies in the middle of files."""
        jobs = self.submit("worker", "slowBody")

        def in_hand():
            states = self.store.files(jobs)
            return dict.fromkeys(jobs, "leased 1") if all(states.get(id, {}).get("0") == "leased 1" for id in jobs) else None

        # Claimed again, or already stored: a completed job has no files in the store.
        return self.measure(
            "worker", jobs, in_hand, lambda id: self.store.files([id]).get(id, {}).get("0", "done") in ("leased 2", "done 2", "done")
        )

    def submit(self, name, fault):
        jobs = [f"recovery-{name}-{number}" for number in range(JOBS)]
        path = os.path.join(self.stack.folder, f"recovery-{name}.ndjson")
        with open(path, "w") as lines:
            for id in jobs:
                parameters = {"report": "recovery", "durationSeconds": 1, "files": 1, "compression": "none", "faults": {fault: 1}}
                lines.write(json.dumps({"exportJobId": id, "provider": "recovery", "parameters": parameters}) + "\n")
        self.stack.run(self.stack.program, "submit", "--from", path, env=self.stack.environment)
        return jobs

    def measure(self, role, jobs, in_hand, moved_on):
        process = self.stack.processes[f"only-{role}"]
        self.before = until(in_hand, 30, f"the jobs for the {role}'s recovery are not in progress")
        # Kill soon after the claims, so that nearly a whole lease must pass. By then the requests have been sent.
        time.sleep(0.3)
        killed = time.monotonic()
        process.kill()
        process.start()
        waiting, longest = set(jobs), 0.0
        while waiting:
            moved = {id for id in waiting if moved_on(id)}
            waiting -= moved
            longest = time.monotonic() - killed if moved else longest
            if time.monotonic() - killed > 3 * self.lease + 30:
                for id in waiting:
                    self.problems.append(
                        (id, f"was in the {role}'s hand, and was not taken up {time.monotonic() - killed:.0f} s after the kill")
                    )
                return time.monotonic() - killed
            time.sleep(0.05)
        self.say(f"recovery of the {role}: {len(jobs)} jobs moved on within {longest:.1f} s of the kill")
        return longest

    def moved_on(self, id):
        """Whether the job made a step, not only a claim: another status, or one more check."""
        record, before = self.store.jobs([id])[id], self.before[id]
        return any(record.get(field) != before.get(field) for field in ("status", "attempts", "lastPollAt"))
