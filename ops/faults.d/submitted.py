"""A stack that remembers its jobs, and how each of them has to end."""

import contextlib
import json
import os

import delivered
from stack import Stack, until


class Submitted(Stack):
    """`store` and `url`, that of the simulated API, are set when the servers run."""

    def __init__(self, program, say, name):
        super().__init__(program, say, name)
        self.ends, self.store, self.url = {}, None, None

    def jobs(self, count, name="job", end="COMPLETED", **parameters):
        """Submits jobs that have to end with this status. Returns their ids."""
        ids = [f"{name}-{number}" for number in range(1, count + 1)]
        self.ends |= dict.fromkeys(ids, end)
        usual = {"report": "orders", "durationSeconds": 1, "files": 2, "bytesPerFile": 20_000, "compression": "none"}
        path = os.path.join(self.folder, f"{name}.ndjson")
        with open(path, "w") as file:
            for id in ids:
                file.write(json.dumps({"exportJobId": id, "provider": "sandbox", "parameters": {**usual, **parameters}}) + "\n")
        self.submit_again(name)
        return ids

    def submit_again(self, name):
        # `submit` refuses a provider that no orchestrator has reported to this store yet.
        until(lambda: "sandbox" in self.store.providers(), 60, "no orchestrator reports its providers")
        if not self.submit(os.path.join(self.folder, f"{name}.ndjson")):
            raise RuntimeError(f"longhaul submit failed: {self.log('submit')[-500:]}")

    def status(self, ids):
        """How many of these jobs have each status."""
        found = [job.get("status", "unknown") for job in self.store.jobs(ids).values()]
        return {status: found.count(status) for status in found}

    def wait_for(self, status, ids, seconds=60):
        try:
            until(lambda: self.status(ids) == {status: len(ids)}, seconds, "")
        except TimeoutError:
            raise TimeoutError(f"{ids[0]}… are not {status} after {seconds} s, but {self.status(ids)}") from None

    def problems(self, seconds):
        """What is wrong with the jobs, once all have ended or the time is over."""
        ids = list(self.ends)
        with contextlib.suppress(TimeoutError):
            until(lambda: self.status(ids).keys() <= {"COMPLETED", "FAILED"}, seconds, "")
        records, found, bucket = self.store.jobs(ids), delivered.exports(self.url), self.bucket()
        problems = list(self.deaths)
        for id, end in self.ends.items():
            status = records[id].get("status", "lost")
            if status != end:
                problems.append(f"{id} is {status}, not {end}: {records[id].get('errorMessage', '')}")
            elif status == "COMPLETED":
                problems += [f"{id}: {problem}" for problem in delivered.examine(id, found.get(id, []), bucket)[0]]
        return problems

    def bucket(self):
        direct = self.direct
        return delivered.Bucket(
            self.environment["LONGHAUL_OUTPUT"],
            endpoint_url=direct["AWS_ENDPOINT_URL_S3"],
            region_name=direct["AWS_REGION"],
            aws_access_key_id=direct["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=direct["AWS_SECRET_ACCESS_KEY"],
        )
