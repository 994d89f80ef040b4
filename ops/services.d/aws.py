"""What the trials of both AWS services share: moto, and the credentials of the server that verifies."""

import os
import sys

import boto3
from botocore.config import Config

from aws_server import Server
from signature import Refused, Verifier
from stage import check, free_port
from web import API

REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//+/="


class Moto:
    def __init__(self, stage):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        server = stage.start("moto", [os.path.join(os.path.dirname(sys.executable), "moto_server"), "-H", "127.0.0.1", "-p", str(port)])
        self.api = API(self.base)
        stage.until("moto", lambda: self.api.answers("/moto-api/"), server)

    def client(self, service):
        # No proxy for loopback addresses.
        config = Config(region_name=REGION, proxies={"http": None})
        names = {"aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"]}
        return boto3.client(service, endpoint_url=self.base, config=config, **names)

    def bucket(self, name):
        client = self.client("s3")
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return client


def verified(play, service, trial, expected, token=None):
    """Runs `trial(server's URL, secrets)` with the right key. All requests in `expected` must have come, each signed rightly."""
    server = Server(Verifier(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], REGION, token), play, service)
    secrets = KEYS | ({"AWS_SESSION_TOKEN": token} if token else {})
    try:
        running = trial(f"http://127.0.0.1:{server.port}", secrets)
        files = running.succeeds()
        check(not server.refused, f"refused: {server.refused}")
        check(set(expected) <= set(server.right), f"asked for: {server.right}")
        forged(server)
        return files
    finally:
        server.end()


def forged(server):
    """The verifier must notice a byte of the body, the path and the date: otherwise it verifies nothing."""
    method, host, target, headers, body = server.last
    date = headers["x-amz-date"]
    late = headers | {"x-amz-date": date[:-2] + ("0" if date[-2] != "0" else "1") + "Z"}
    for request in ((target, headers, body + b" "), (target + "x", headers, body), (target, late, body)):
        try:
            server.verifier.verify(method, host, *request)
        except Refused:
            continue
        check(False, f"the verifier accepts a forged request: {request}")


def refused(play, service, trial, changes, text):
    """Runs it with other secrets. Nothing may be answered but a refusal, which the trial tells."""
    server = Server(Verifier(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], REGION), play, service)
    try:
        trial(f"http://127.0.0.1:{server.port}", KEYS | changes).fails(text)
        check(server.refused and not server.right, f"answered: {server.right}; refused: {server.refused}")
    finally:
        server.end()
