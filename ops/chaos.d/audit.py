"""Checks the final state from outside: the store, the sandbox's own log, the broker and the bucket."""

import collections
import concurrent.futures
import json
import os
import time
import urllib.request

import broker as broker_
import delivered
import providers

# The form of a failed attempt in a history.
CORRUPT_SIGNS = ("checksum-mismatch", "size-mismatch", "archive-")
# Seconds.
STATISTICS_LAG = 6


class Audit:
    def __init__(self, stack, store, broker, jobs, sandbox):
        self.stack, self.store, self.broker, self.jobs, self.sandbox = stack, store, broker, jobs, sandbox
        self.findings, self.warnings, self.records, self.histories = [], [], {}, {}
        self.counts, self.tokens = collections.Counter(), {}

    def found(self, kind, subject, text):
        """`kind`: the number of the last line that counts this finding; `signIn`: the line before."""
        self.counts[kind] += 1
        self.findings.append((kind, subject, text))

    def run(self, settle=45):
        self.records = self.store.jobs([job.id for job in self.jobs])
        self.left_behind(settle)
        self.whole_histories(settle)
        self.created_twice()
        self.sign_ins()
        self.outcomes()
        self.objects()
        self.letters()
        self.told(settle)

    # ---- histories

    def whole_histories(self, settle):
        """Each job has one beside its objects, with its end as the last status."""
        deadline = time.monotonic() + settle
        while self.store.waiting_ends() and time.monotonic() < deadline:
            time.sleep(0.2)
        bucket = self.bucket()
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            found = threads.map(bucket.history, [job.id for job in self.jobs])
            self.histories = {job.id: history for job, history in zip(self.jobs, found) if history}
        for job in self.jobs:
            status = self.records[job.id].get("status")
            head, events = self.histories.get(job.id, ({}, []))
            statuses = self.statuses(job.id)
            times = [event["time"] for event in events]
            if not events:
                self.found("histories", job.id, f"is {status}, and there is no history of it")
            elif head["status"] != status or statuses[0] != "PENDING" or statuses[-1] != status or times != sorted(times):
                self.found("histories", job.id, f"is {status}, and its history ends with {events[-1]}")
            elif any(event["event"] == "lost" for event in events) or head.get("incomplete"):
                self.found("histories", job.id, "has a history that is not whole")

    def statuses(self, id):
        return [event["status"] for event in self.histories.get(id, ({}, []))[1] if event["event"] == "status"]

    # ---- events

    def told(self, settle):
        """For each job an event of each change, in order once repetitions are left out."""
        deadline = time.monotonic() + settle
        while self.store.waiting_events() and time.monotonic() < deadline:
            time.sleep(0.2)
        seen, statuses = set(), collections.defaultdict(list)
        for event in self.broker.take_events():
            self.counts["eventsAgain"] += event["id"] in seen
            if event["id"] in seen:
                continue
            seen.add(event["id"])
            if event["type"].startswith("longhaul.job.") and "status" in event["data"]:
                statuses[event["subject"]].append(event["data"]["status"])
        self.counts["events"] = len(seen)
        for job in self.jobs:
            happened = self.statuses(job.id)
            if statuses[job.id] != happened:
                self.found("disordered", job.id, f"events told {statuses[job.id]}, and it was {happened}")

    # ---- jobs

    def outcomes(self):
        for job in self.jobs:
            record = self.records[job.id]
            status, code = record.get("status"), record.get("errorCode", "")
            if not record:
                self.found("lost", job.id, "was submitted and confirmed, and the store does not know it")
            elif status not in ("COMPLETED", "FAILED"):
                self.found("stuck", job.id, f"is {status} long after everything was healed")
            elif status == "COMPLETED" and job.codes:
                self.found("lost", job.id, f"is COMPLETED, and had to fail ({job.kind})")
            elif status == "COMPLETED":
                self.counts["completed"] += 1
            elif is_as_injected(job, code, self.histories.get(job.id, ({}, []))[1]):
                self.counts["failed"] += 1
            else:
                self.found("lost", job.id, f"FAILED with {code}, for which nothing was injected ({job.kind}): {record.get('errorMessage')}")

    def created_twice(self):
        created, started = collections.Counter(), collections.Counter()
        for event in self.events():
            if event["event"] == "created":
                created[event.get("idempotencyKey")] += 1
            elif event["event"] == "started":
                started[event.get("idempotencyKey")] += 1
        known = {job.id for job in self.jobs}
        for key, times in created.items():
            if key not in known:
                self.found("twice", str(key), f"{times} exports were created with an Idempotency-Key that is no job's")
            elif times > 1:
                self.found("twice", key, f"{times} exports were created with its Idempotency-Key")
        for key, times in started.items():
            if times > 1:
                self.found("twice", str(key), f"{times} drafts with its Idempotency-Key were started")

    def events(self):
        """The sandbox's own log."""
        with open(os.path.join(self.stack.folder, "sandbox.ndjson")) as lines:
            yield from map(json.loads, lines)

    # ---- sign-ins

    def sign_ins(self):
        """Counts them. A job that met a refused sign-in, a token that the sandbox never gave, and a provider that is held still are
        findings. A refused refresh token is none by itself: a request can be late, after its client has given up and signed in again."""
        with urllib.request.urlopen(f"{self.sandbox}/_sandbox/stats", timeout=30) as answer:
            statistics = json.load(answer)
        told = statistics["signIns"]
        lost, used = 0, collections.Counter()
        for event in self.events():
            lost += event.get("point") == "signIn" and event.get("fault") == "lostAnswer"
            if event["event"] == "signIn" and event["refreshToken"]:
                used[event["refreshToken"]] += 1
        held = self.store.holds(providers.NAMES)
        self.tokens = {
            "signIns": told["refreshed"] + told["sessions"],
            "answersLost": lost,
            "refreshTokensUsedAgain": sum(times - 1 for times in used.values()),
            "refusedRefreshTokens": told["refusedRefreshTokens"],
            "deadTokens": told["deadTokens"],
            "unknownTokens": statistics["unauthorised"],
            "held": len(held),
        }
        for name, hold in held.items():
            self.found("stuck", name, f"the provider is held still: {hold}")
        for job in self.jobs:
            if any("sign-in-refused" in event.get("detail", "") for event in self.histories.get(job.id, ({}, []))[1]):
                self.found("signIn", job.id, "met a sign-in that was refused")
        if statistics["unauthorised"]:
            self.found("signIn", "the providers", f"{statistics['unauthorised']} requests had no token, or one that the sandbox never gave")

    # ---- objects

    def objects(self):
        truth = delivered.exports(self.sandbox)
        bucket = self.bucket()

        def examine(job):
            status, exports = self.records[job.id].get("status"), truth.get(job.id, [])
            if status == "COMPLETED":
                return job, delivered.examine(job.id, exports, bucket)
            return job, (delivered.examine_incomplete(job.id, exports, bucket, may_have_manifest=status != "FAILED"), 0)

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            for job, (problems, right) in threads.map(examine, self.jobs):
                self.counts["objects"] += right
                for problem in problems:
                    self.found("bytes", job.id, problem)
        for id in bucket.keys.keys() - {job.id for job in self.jobs}:
            self.found("bytes", id, "there are objects of a job that was not submitted")

    def bucket(self):
        direct = self.stack.direct
        return delivered.Bucket(
            self.stack.environment["LONGHAUL_OUTPUT"],
            endpoint_url=direct["AWS_ENDPOINT_URL_S3"],
            region_name=direct["AWS_REGION"],
            aws_access_key_id=direct["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=direct["AWS_SECRET_ACCESS_KEY"],
        )

    def uploads(self):
        s3 = self.bucket().s3
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket="longhaul-chaos")
        return [upload["Key"] for page in pages for upload in page.get("Uploads", [])]

    # ---- leftovers

    def left_behind(self, seconds):
        """Waits until nothing is left, long enough for current data: timers of finished files are removed when they fire, and the
        broker's statistics are up to 5 s old."""
        end, empty_since = time.monotonic() + seconds, None
        while True:
            left = self.leftovers()
            now = time.monotonic()
            empty_since = None if left else empty_since or now
            if now > end or (empty_since and now - empty_since > STATISTICS_LAG):
                break
            time.sleep(1)
        for subject, text in left:
            self.found("stuck", subject, text)

    def leftovers(self):
        left = [(member.split("#")[0], f"has a timer still: {member}") for member in self.store.due()]
        left += [(member, "stands in a waiting list still") for member in self.store.waiting()]
        left += [(member, "holds a place among the provider's exports still") for member in self.store.places()]
        # A failed job keeps its files for a retry; their timers are checked above.
        completed = [job.id for job in self.jobs if self.records[job.id].get("status") != "FAILED"]
        for id, files in self.store.files(completed).items():
            left.append((id, "has files in the store still: " + ", ".join(f"{index} {state}" for index, state in sorted(files.items()))))
        for queue, (ready, unacknowledged) in self.broker.queues().items():
            if ready or unacknowledged:
                left.append((queue, f"{ready} messages ready and {unacknowledged} unacknowledged"))
        return left

    def partial_uploads(self, seconds=90):
        """Partial uploads of dead workers are removed by a worker's sweep, which begins at its start."""
        end = time.monotonic() + seconds
        while self.uploads() and time.monotonic() < end:
            time.sleep(1)
        for key in self.uploads():
            self.found("stuck", key.split("/")[-2], f"a partial upload is left of {key}")

    def letters(self):
        """A failed job leaves a dead letter."""
        failed = [job.id for job in self.jobs if self.records[job.id].get("status") == "FAILED"]
        named = "".join(body for queue in (broker_.DEAD_JOBS, broker_.DEAD_DOWNLOADS) for body in self.broker.read(queue))
        for id in failed:
            if id not in named:
                self.found("lost", id, "has failed and left no dead letter")

    def history(self, id):
        """The lines of a job's history as text."""
        record = self.records.get(id) or self.store.jobs([id]).get(id) or {}
        fields = {
            name: record[name]
            for name in (
                "status",
                "version",
                "attempts",
                "failures",
                "claims",
                "filesTotal",
                "filesDone",
                "export",
                "lastPollAt",
                "errorCode",
                "errorMessage",
            )
            if name in record
        }
        return [json.dumps(fields), *record.get("history", "").splitlines()]


def is_as_injected(job, code, events):
    if code in job.codes:
        return True
    if job.kind != "corrupt":
        return False
    # Another fault may have ended the last attempt, or its worker died. Then the history must show wrong bytes in an earlier attempt.
    failures = [event["detail"] for event in events if event["event"] == "failure"]
    corrupt = [detail for detail in failures if detail.startswith("file ") and any(sign in detail for sign in CORRUPT_SIGNS)]
    return code.startswith("archive-") or len(corrupt) >= 5
