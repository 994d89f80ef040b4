"""Checks a stack from outside: queues, metrics, users, containers, logs."""

import base64
import json
import socket
import struct
import urllib.error
import urllib.request

from amqp import Queues, short
from stack import USERS, Failure, run, until

QUEUES = {
    "longhaul.checks",
    *(f"longhaul.{kind}.{priority}" for kind in ("jobs", "downloads") for priority in ("high", "normal", "low")),
    "longhaul.jobs.dead",
    "longhaul.downloads.dead",
    "longhaul.hints",
    "longhaul.webhooks.dead",
}


def management(stack, path, user="operator", context=None):
    scheme = "https" if context else "http"
    request = urllib.request.Request(f"{scheme}://localhost:{stack.ports['RABBITMQ_MANAGEMENT']}/api/{path}")
    login = base64.b64encode(f"{user}:{stack.password(user)}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.load(answer)


def queues_are_empty(stack, context=None):
    """Every queue exists, has consumers and is empty, by the management API, whose numbers lag by seconds."""

    def look():
        found = {queue["name"]: queue for queue in management(stack, "queues", context=context)}
        if found.keys() != QUEUES:
            raise Failure(f"the management API shows the queues {sorted(found)}")
        return all(
            queue.get("messages") == 0 and (name.endswith(".dead") or queue.get("consumers", 0) > 0) for name, queue in found.items()
        )

    until("all queues are empty and consumed", look, 60)


def prometheus_scrapes(stack, expected):
    """Prometheus scrapes every replica of every service. `expected` gives the number of replicas."""

    def look():
        with urllib.request.urlopen(f"http://127.0.0.1:{stack.ports['PROMETHEUS']}/api/v1/targets?state=active", timeout=10) as answer:
            targets = json.load(answer)["data"]["activeTargets"]
        up = {}
        for target in targets:
            if target["health"] == "up":
                up[target["labels"]["job"]] = up.get(target["labels"]["job"], 0) + 1
        return {job: up.get(job, 0) for job in expected} == expected

    until(f"Prometheus scrapes {expected}", look, 90)


def users_may_no_more(stack):
    """Each of these commands is denied."""
    for user, command in [
        ("worker", "CONFIG GET dir"),
        ("worker", "FLUSHALL"),
        ("worker", "KEYS *"),
        ("worker", "HSET other a b"),
        ("worker", "DEL lh:meta"),
        ("worker", "HGETALL {lh:p:sandbox}:turns"),
        ("worker", "EVAL return{redis.call('HSET','other','a','b')} 0"),
        ("orchestrator", "FLUSHALL"),
        ("orchestrator", "HSET other a b"),
        ("orchestrator", "DEL lh:meta"),
        ("setup", "HGETALL {lh:00}:due"),
        ("operator", "CONFIG SET dir /tmp"),
        ("monitoring", "HGETALL lh:meta"),
        ("default", "PING"),
        ("health", "INFO"),
    ]:
        if user == "default":
            login = []
        else:
            login = ["--user", user, "--pass", "any" if user == "health" else stack.password(user), "--no-auth-warning"]
        answer = stack.read("exec", "-T", "redis", "redis-cli", *login, *command.split())
        if not any(refusal in answer for refusal in ("NOPERM", "NOAUTH", "ACL failure")):
            raise Failure(f"Redis lets {user} do {command}: {answer}")
    for user, attempt, queue in [
        ("worker", Queues.purge, "longhaul.jobs.normal"),
        ("submitter", Queues.purge, "longhaul.jobs.normal"),
        ("orchestrator", Queues.purge, "longhaul.downloads.low"),
        ("orchestrator", declare, "longhaul.other"),
        ("operator", declare, "longhaul.other"),
        ("orchestrator", delete, "longhaul.checks"),
        ("operator", delete, "longhaul.jobs.dead"),
    ]:
        url = f"amqp://{user}:{stack.password(user)}@127.0.0.1:{stack.ports['RABBITMQ']}/%2F"
        try:
            with Queues(url) as queues:
                attempt(queues, queue)
        except ConnectionError as problem:
            if "ACCESS_REFUSED" in str(problem):
                continue
            raise Failure(f"{attempt.__name__} {queue} as {user}: {problem}") from None
        raise Failure(f"RabbitMQ lets {user} {attempt.__name__} {queue}")
    for user in ("worker", "submitter"):
        try:
            management(stack, "queues", user)
        except urllib.error.HTTPError as problem:
            if problem.code == 401:
                continue
        raise Failure(f"the management page lets {user} in")


def declare(queues, name):
    queues.send(1, (50, 10), struct.pack(">H", 0) + short(name) + b"\2" + struct.pack(">I", 0))
    queues.receive((50, 11))


def delete(queues, name):
    queues.send(1, (50, 40), struct.pack(">H", 0) + short(name) + b"\0")
    queues.receive((50, 41))


def containers_are_confined(stack):
    for service in ("orchestrator", "worker", "sandbox", "rabbitmq", "redis", "s3"):
        for container in stack.containers(service):
            of = json.loads(run(["docker", "inspect", container]))[0]
            host = of["HostConfig"]
            problems = [
                host["CapDrop"] != ["ALL"] and "keeps capabilities",
                host["SecurityOpt"] != ["no-new-privileges:true"] and "may gain privileges",
                host["Memory"] == 0 and "has no limit on memory",
                not host["PidsLimit"] and "has no limit on processes",
            ]
            if service in ("orchestrator", "worker", "sandbox"):
                problems += [
                    not host["ReadonlyRootfs"] and "can write to its root",
                    of["Config"]["User"] != "10001:10001" and "runs as another user",
                    host["CapAdd"] and "has capabilities",
                ]
            if any(problems):
                raise Failure(f"{service} {' and '.join(filter(None, problems))}")
    for service in stack.config()["services"].values():
        for port in service.get("ports", []):
            if port.get("host_ip") != "127.0.0.1":
                raise Failure(f"port {port} is open to others")


def logs_hold_no_secret(stack):
    logs = stack.read("--profile", "*", "logs", "--no-color")
    for user in (*USERS, "s3-access-key-id", "s3-secret-access-key", "grafana"):
        if stack.password(user) in logs:
            raise Failure(f"the logs hold the password of {user}")


def redis_loaded_everything(stack):
    """At this level, Redis logs the parts of the append-only file that it could not load after a restart."""
    if "CRITICAL" in stack.read("logs", "--no-color", "redis"):
        raise Failure("Redis left out parts of its append-only file when it started again")


def redis_speaks_tls(stack):
    """A client that trusts the private authority can connect, and a client that does not cannot."""
    ask = ["exec", "-T", "redis", "redis-cli", "-p", "6380", "--tls", "--user", "health", "--pass", "any", "--no-auth-warning"]
    if stack.read(*ask, "--cacert", "/run/secrets/tls_authority", "ping").strip() != "PONG":
        raise Failure("Redis does not answer over TLS")
    if stack.call(*ask, "--cacert", "/etc/ssl/certs/ca-certificates.crt", "ping") == 0:
        raise Failure("Redis's certificate is trusted by anybody")


def speaks_tls_alone(stack, context):
    """The broker accepts a TLS handshake. It closes the connection, or sends an alert, on an AMQP header in plain text."""
    plain = socket.create_connection(("127.0.0.1", stack.ports["RABBITMQ"]), 5)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
        secure.sendall(b"AMQP\0\0\x09\x01")
        if not secure.recv(8).startswith(b"\1\0\0"):
            raise Failure("the broker does not speak AMQP over TLS")
    with socket.create_connection(("127.0.0.1", stack.ports["RABBITMQ"]), 5) as connection:
        connection.sendall(b"AMQP\0\0\x09\x01")
        try:
            if connection.recv(8).startswith(b"\1\0\0"):
                raise Failure("the broker speaks AMQP in plain text")
        except ConnectionError:
            pass
