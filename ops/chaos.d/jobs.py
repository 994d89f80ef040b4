"""The jobs of a run, derived from its seed: what is submitted, and the expected result of each."""

import dataclasses
import json
import random

import providers

# Faults that may hit any request: the sandbox's own rates, and the base rates of jobs with their own faults. With the provider file's
# 30 attempts, the chance that these alone use up a job's attempts is less than one in a billion.
RATES = {
    "429": 0.01,
    "500": 0.01,
    "hang": 0.002,
    "create:lostAnswer": 0.02,
    "start:lostAnswer": 0.02,
    "slowBody": 0.01,
    "truncatedBody": 0.01,
    "corruptBody": 0.01,
    "expiredLink": 0.01,
    "unknownStatus": 0.003,
}
# Odd answers of real export APIs, which may hit any request too.
ANSWERS = {
    "429-bare": 0.002,
    "429-zero": 0.002,
    "429-odd": 0.002,
    "503-bare": 0.002,
    "conflict": 0.003,
    "processing": 0.01,
    "status:htmlPage": 0.002,
    "files:htmlPage": 0.01,
    "download:htmlPage": 0.01,
    "errorDocument": 0.01,
    "noContent": 0.01,
    "partial": 0.01,
    "oddCoding": 0.02,
    "lateLinks": 0.02,
}
# Faults of sign-ins, besides those of `RATES` for every request. They belong to no job.
SIGN_IN = {"signIn:lostAnswer": 0.2}
# Faults of single jobs. A retry recovers from each of them. Those of starts concern only exports that are created in two steps.
TRANSIENT = [
    {"create:lostAnswer": 1},
    {"create:500": 2, "create:lostAnswer": 1},
    {"create:hang": 1},
    {"create:429": 2},
    {"create:lostAnswer": 1, "start:lostAnswer": 1},
    {"start:500": 2, "start:lostAnswer": 1},
    {"start:hang": 1},
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
# Odd answers on purpose. A fault with several forms takes them in turn.
ODD = [
    {"create:429-bare": 2},
    {"create:429-zero": 2},
    {"create:429-odd": 3},
    {"create:503-bare": 2},
    {"status:429-bare": 1, "status:429-odd": 2},
    {"status:503-bare": 2},
    {"status:conflict": 3},
    {"status:htmlPage": 2},
    {"files:429-bare": 1, "files:429-zero": 1, "files:429-odd": 2},
    {"files:conflict": 3},
    {"files:processing": 2},
    {"files:htmlPage": 2},
    {"lateLinks": 1},
    {"lateLinks": 3},
    {"download:429-bare": 1, "download:429-zero": 1, "download:429-odd": 1},
    {"download:503-bare": 2},
    {"download:conflict": 3},
    {"download:processing": 2},
    {"download:htmlPage": 2},
    {"errorDocument": 2},
    {"noContent": 2},
    {"partial": 2},
    {"oddCoding": 3},
    {"oddCoding": 9},
]
# Faults that nothing but the listed size or checksum reveals. The files of a job of the kind `trusting` are listed without either, so
# these faults spare it; all others must not change a byte of it.
UNSEEN = {"corruptBody", "download:htmlPage", "errorDocument"}
TRUSTING = [faults for faults in TRANSIENT + ODD if not faults.keys() & UNSEEN]
# The names of their files begin with it.
TRUSTING_PREFIX = "trusting-"
# The filter of the listed files, for the provider file.
ITEMS = f"'.response.body.files[] | {{name, url}} + if (.name | startswith(\"{TRUSTING_PREFIX}\")) then {{}} else {{bytes, sha256}} end'"
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


def rates(with_answers):
    """The faults that may hit any request of a job, with their rates."""
    return RATES | ANSWERS if with_answers else RATES


def make(seed, count, with_answers=True):
    """`with_answers`: whether the simulated API gives the odd answers too. Without them a seed has other jobs."""
    random_ = random.Random(f"jobs {seed}")
    shares = [("failed", 0.03), ("empty", 0.02), ("corrupt", 0.01), ("large", 0.01), ("many", 0.02), ("transient", 0.4)]
    if with_answers:
        shares += [("odd", 0.2), ("trusting", 0.05)]
    kinds = []
    for kind, share in shares:
        kinds += [kind] * max(1, round(share * count))
    kinds = (kinds + ["plain"] * count)[:count]
    random_.shuffle(kinds)
    return [job(random_, seed, number, kind, rates(with_answers)) for number, kind in enumerate(kinds)]


def job(random_, seed, number, kind, rates):
    parameters = {
        "report": f"chaos-{number % 7}",
        "durationSeconds": random_.randint(1, 20),
        "files": random_.randint(1, 5),
        "compression": random_.choice(["zip", "gzip", "none"]),
    }
    codes = frozenset()
    if kind == "failed":
        parameters["faults"], codes = rates | {"failedExport": 1}, frozenset({"export-failed"})
    elif kind == "empty":
        parameters["faults"] = rates | {"emptyExport": 1}
    elif kind == "corrupt":
        parameters["faults"], codes = {"corruptBody": "100%"}, CORRUPT
    elif kind == "large":
        # More than 8 MiB is uploaded to S3 in parts; slowly, so that workers die during the upload.
        parameters.update(files=1, bytesPerFile=f"{random_.randint(9, 14)}MiB", entries=1, faults=rates | {"slowBody": 1})
    elif kind == "many":
        # More files than are queued at once: the others wait for their turns.
        parameters.update(files=random_.randint(17, 60), bytesPerFile="2KiB", entries=1, faults=rates)
    elif kind == "transient":
        parameters["faults"] = rates | random_.choice(TRANSIENT)
    elif kind == "odd":
        parameters["faults"] = rates | random_.choice(ODD)
    elif kind == "trusting":
        parameters["report"] = f"{TRUSTING_PREFIX}{number % 7}"
        parameters["faults"] = {fault: rate for fault, rate in rates.items() if fault not in UNSEEN} | random_.choice(TRUSTING)
    message = {
        "exportJobId": f"chaos-{seed}-{number:05d}",
        "provider": providers.NAMES[number % len(providers.NAMES)],
        "priority": random_.choices(["high", "normal", "low"], [1, 6, 3])[0],
        "tenant": f"tenant-{random_.randint(1, 3)}",
        "parameters": parameters,
    }
    return Job(message["exportJobId"], kind, json.dumps(message), codes)
