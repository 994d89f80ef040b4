"""Submits exports to a stack as a user does, and follows them to their end."""

import json
import os
import signal
import ssl
import subprocess
import threading

import boto3  # noqa: F401  (delivered needs it; fail early without it)

from delivered import Bucket, examine, exports
from stack import DEADLINE, Failure

BUCKET = "s3://longhaul/exports"


def jobs(count, prefix):
    """Durations of 2 to 41 s, so that there is work while containers start and stop; 1 to 5 files in every packing."""
    return [
        {
            "exportJobId": f"{prefix}-{number:04}",
            "provider": "sandbox",
            "tenant": f"team-{number % 3}",
            "priority": ("normal", "high", "low")[number % 3],
            "parameters": {
                "report": f"daily-{number}",
                "durationSeconds": 2 + number * 7 % 40,
                "files": 1 + number * 3 % 5,
                "compression": ("zip", "gzip", "none")[number % 3],
            },
        }
        for number in range(count)
    ]


def submit(stack, messages):
    lines = "".join(json.dumps(message) + "\n" for message in messages)
    printed = stack.read("--profile", "tools", "run", "--rm", "-T", "cli", "submit", "--from", "-", stdin=None, input=lines).split()
    if sorted(printed) != sorted(message["exportJobId"] for message in messages):
        raise Failure(f"submit printed {len(printed)} names for {len(messages)} jobs")


class Watch:
    """The counts by status from `longhaul watch`, for at most the given number of seconds."""

    def __init__(self, stack, seconds=DEADLINE):
        self.stack, self.seconds = stack, seconds

    def __enter__(self):
        self.counts = None
        with open(f"{self.stack.folder}/watch.log", "a") as log:
            self.process = subprocess.Popen(
                self.stack.compose(
                    "--profile",
                    "tools",
                    "run",
                    "--rm",
                    "-T",
                    "--name",
                    f"{self.stack.project}-watch",
                    "cli",
                    "watch",
                    "--json",
                    "--interval",
                    "0.5",
                ),
                env=self.stack.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.timer = threading.Timer(self.seconds, self.process.kill)
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()
        subprocess.run(["docker", "rm", "-f", f"{self.stack.project}-watch"], capture_output=True)
        self.process.wait()

    def until(self, what, condition):
        """Waits for counts that meet the condition and returns them."""
        for line in self.process.stdout:
            self.counts = json.loads(line)
            if condition(self.counts):
                return self.counts
        code = self.process.wait()
        ended = f"{self.seconds} s have passed" if code == -signal.SIGKILL else f"longhaul watch ended with {code}"
        raise Failure(f"{ended} before {what}; it told last: {self.counts}")


def verify(stack, messages, secure=False):
    """The number of complete exports in the bucket. Reports the problems of the others."""
    options = {
        "endpoint_url": f"{'https' if secure else 'http'}://localhost:{stack.ports['S3']}",
        "region_name": "us-east-1",
        "aws_access_key_id": stack.password("s3-access-key-id"),
        "aws_secret_access_key": stack.password("s3-secret-access-key"),
    }
    if secure:
        options["verify"] = os.path.join(stack.folder, "secrets/tls/authority.pem")
    bucket = Bucket(BUCKET, **options)
    truth = exports(f"http://127.0.0.1:{stack.ports['SANDBOX']}")
    problems = []
    for message in messages:
        name = message["exportJobId"]
        problems += [f"{name}: {problem}" for problem in examine(name, truth.get(name, []), bucket)[0]]
    if problems:
        raise Failure("\n".join(problems[:20]))
    return len(messages)


def trust(stack):
    return ssl.create_default_context(cafile=os.path.join(stack.folder, "secrets/tls/authority.pem"))
