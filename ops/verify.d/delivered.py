"""Compares the objects in the bucket with the sandbox's log of its exports, from outside."""

import hashlib
import json
import urllib.request
from urllib.parse import urlparse

import boto3
import botocore.config


def exports(sandbox):
    """The sandbox's exports by idempotency key, which is the name of the job."""
    found = {}
    with urllib.request.urlopen(f"{sandbox}/_sandbox/truth", timeout=60) as lines:
        for line in lines:
            export = json.loads(line)
            found.setdefault(export["idempotencyKey"], []).append(export)
    return found


# Beside the manifest, and the folder of lines of histories that did not fit beside their jobs.
HISTORY, TRAIL = "history.ndjson", "_trail"


class Bucket:
    """The objects of the output. Thread-safe."""

    def __init__(self, output, **options):
        url = urlparse(output)
        self.name, self.prefix = url.netloc, url.path.strip("/")
        self.s3 = boto3.client("s3", config=botocore.config.Config(max_pool_connections=16), **options)
        # The keys of each job: its objects and its manifest, and its history.
        self.keys, self.histories = {}, {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix):
            for item in page.get("Contents", []):
                # PREFIX/PROVIDER/YYYY-MM-DD/JOBID/NAME
                parts = item["Key"].removeprefix(self.prefix).strip("/").split("/")
                if parts[0] == TRAIL:
                    continue
                if parts[3:] == [HISTORY]:
                    self.histories[parts[2]] = item["Key"]
                else:
                    self.keys.setdefault(parts[2], set()).add(item["Key"])

    def digest(self, key):
        """Length and SHA-256 of an object, read in chunks."""
        digest, length = hashlib.sha256(), 0
        for piece in self.s3.get_object(Bucket=self.name, Key=key)["Body"].iter_chunks(1 << 20):
            digest.update(piece)
            length += len(piece)
        return length, digest.hexdigest()

    def history(self, job):
        """The head of a job's history and its events; `None` if there is none."""
        key = self.histories.get(job)
        if key is None:
            return None
        head, *events = map(json.loads, self.read(key).splitlines())
        return head, events

    def read(self, key):
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()


def expected(export):
    """Name in the job's folder, length and SHA-256 of each object expected from an export."""
    objects = {}
    for file in export["files"]:
        stem = file["name"]
        for suffix in (".gz", ".zip"):
            stem = stem.removesuffix(suffix) if file["compression"] != "none" else stem
        for entry in file["entries"]:
            name = f"{stem}/{entry['name']}" if file["compression"] == "zip" else stem
            objects[name] = (entry["bytes"], entry["sha256"])
    return objects


def examine(job, found, bucket):
    """The problems of a job that must be complete, and the number of its correct files."""
    if len(found) != 1:
        return [f"the sandbox has {len(found)} exports of this job, not one"], 0
    keys = bucket.keys.get(job, set())
    manifests = [key for key in keys if key.endswith("/manifest.json")]
    if not manifests:
        return ["no manifest: not completed"], 0
    folder = manifests[0].removesuffix("manifest.json")
    wanted, problems, right = expected(found[0]), [], 0
    listed = {entry["key"]: entry for entry in json.loads(bucket.read(manifests[0]))["objects"]}
    for name, (length, digest) in wanted.items():
        key = folder + name
        if key not in keys:
            problems.append(f"{name} is missing")
        elif bucket.digest(key) != (length, digest):
            problems.append(f"{name} has other bytes than the sandbox served")
        elif (listed.get(key, {}).get("bytes"), listed.get(key, {}).get("sha256")) != (length, digest):
            problems.append(f"{name} stands otherwise in the manifest")
        else:
            right += 1
    for key in keys - {folder + name for name in wanted} - set(manifests):
        problems.append(f"{key} is more than the sandbox served")
    for key in listed.keys() - {folder + name for name in wanted}:
        problems.append(f"the manifest lists {key}, which the sandbox did not serve")
    return problems, right


def examine_incomplete(job, found, bucket, may_have_manifest):
    """The problems of the objects of an incomplete job. It may have stored some of its files, but no manifest if it failed."""
    problems, wanted = [], {name: of for export in found for name, of in expected(export).items()}
    for key in bucket.keys.get(job, set()):
        name = key.split(f"/{job}/", 1)[1]
        if name == "manifest.json":
            problems += [] if may_have_manifest else ["FAILED, and has a manifest"]
        elif name not in wanted:
            problems.append(f"{name} is more than the sandbox served")
        elif bucket.digest(key) != wanted[name]:
            problems.append(f"{name} has other bytes than the sandbox served")
    return problems
