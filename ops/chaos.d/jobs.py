"""The jobs of a run, derived from its seed: what is submitted, and the expected result of each."""

import dataclasses
import json
import random

# Faults that may hit any request: the sandbox's own rates, and the base rates of jobs with their own faults. With the provider file's
# 30 attempts, the chance that these alone use up a job's attempts is less than one in a billion.
RATES = {
    "429": 0.01,
    "500": 0.01,
    "hang": 0.002,
    "create:lostAnswer": 0.02,
    "slowBody": 0.01,
    "truncatedBody": 0.01,
    "corruptBody": 0.01,
    "expiredLink": 0.01,
    "unknownStatus": 0.003,
}
# Faults of single jobs. A retry recovers from each of them.
MENDED = [
    {"create:lostAnswer": 1},
    {"create:500": 2, "create:lostAnswer": 1},
    {"create:hang": 1},
    {"create:429": 2},
    {"status:500": 3},
    {"status:429": 2},
    {"status:hang": 1},
    {"unknownStatus": 2},
    {"files:500": 2},
    {"files:hang": 1},
    {"expiredLink": 1},
    {"expiredLink": 2},
    {"download:500": 2},
    {"download:hang": 1},
    {"slowBody": 1},
    {"slowBody": 2},
    {"truncatedBody": 1},
    {"truncatedBody": 2},
    {"corruptBody": 1},
    {"corruptBody": 2, "truncatedBody": 1},
]
# Error codes of a job whose bytes are wrong at every attempt. A packed file then fails to unpack. Another fault may have ended the last
# attempt, or its worker died, so `audit` also checks the earlier attempts.
CORRUPT = frozenset({"checksum-mismatch", "size-mismatch", "archive-corrupt"})


@dataclasses.dataclass(frozen=True)
class Job:
    id: str
    kind: str
    message: str
    codes: frozenset = frozenset()
    """The error codes that the job is expected to fail with; none if it is expected to complete."""


def make(seed, count):
    random_ = random.Random(f"jobs {seed}")
    kinds = []
    for kind, share in (("failed", 0.03), ("empty", 0.02), ("corrupt", 0.01), ("large", 0.01), ("mended", 0.4)):
        kinds += [kind] * max(1, round(share * count))
    kinds = (kinds + ["plain"] * count)[:count]
    random_.shuffle(kinds)
    return [job(random_, seed, number, kind) for number, kind in enumerate(kinds)]


def job(random_, seed, number, kind):
    parameters = {
        "report": f"chaos-{number % 7}",
        "durationSeconds": random_.randint(1, 20),
        "files": random_.randint(1, 5),
        "compression": random_.choice(["zip", "gzip", "none"]),
    }
    codes = frozenset()
    if kind == "failed":
        parameters["faults"], codes = RATES | {"failedExport": 1}, frozenset({"export-failed"})
    elif kind == "empty":
        parameters["faults"] = RATES | {"emptyExport": 1}
    elif kind == "corrupt":
        parameters["faults"], codes = {"corruptBody": "100%"}, CORRUPT
    elif kind == "large":
        # More than 8 MiB is uploaded to S3 in parts; slowly, so that workers die during the upload.
        parameters.update(files=1, bytesPerFile=f"{random_.randint(9, 14)}MiB", entries=1, faults=RATES | {"slowBody": 1})
    elif kind == "mended":
        parameters["faults"] = RATES | random_.choice(MENDED)
    message = {
        "exportJobId": f"chaos-{seed}-{number:05d}",
        "provider": "sandbox",
        "priority": random_.choices(["high", "normal", "low"], [1, 6, 3])[0],
        "tenant": f"tenant-{random_.randint(1, 3)}",
        "parameters": parameters,
    }
    return Job(message["exportJobId"], kind, json.dumps(message), codes)
