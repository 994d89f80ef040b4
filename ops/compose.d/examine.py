"""What a stack looks like from outside: queues, metrics, users, containers, logs."""
import base64
import json
import socket
import urllib.error
import urllib.request

from amqp import Queues
from stack import USERS, Failure, run, until

QUEUES = {
    "longhaul.checks", *(f"longhaul.{kind}.{priority}" for kind in ("jobs", "downloads") for priority in ("high", "normal", "low")),
    "longhaul.jobs.dead", "longhaul.downloads.dead"}


def management(stack, path, user="operator", context=None):
    scheme = "https" if context else "http"
    request = urllib.request.Request(f"{scheme}://localhost:{stack.ports['RABBITMQ_MANAGEMENT']}/api/{path}")
    login = base64.b64encode(f"{user}:{stack.password(user)}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    with urllib.request.urlopen(request, timeout=10, context=context) as answer:
        return json.load(answer)


def queues_are_empty(stack, context=None):
    """Every queue there, consumed and empty, by the numbers of the management page, which lag by seconds."""

    def look():
        found = {queue["name"]: queue for queue in management(stack, "queues", context=context)}
        if found.keys() != QUEUES:
            raise Failure(f"the management API shows the queues {sorted(found)}")
        return all(
            queue.get("messages") == 0 and (name.endswith(".dead") or queue.get("consumers", 0) > 0) for name, queue in found.items())

    until("all queues are empty and consumed", look, 60)


def prometheus_scrapes(stack, expected):
    """Every replica of every service: `expected` gives how many."""

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
    """Each of these is refused."""
    for user, command in [
        ("worker", "CONFIG GET dir"), ("worker", "FLUSHALL"), ("worker", "KEYS *"), ("worker", "GET other"), ("worker", "HGETALL {lh:p:sandbox}:turns"),
        ("orchestrator", "FLUSHALL"), ("orchestrator", "SET other 1"), ("setup", "HGETALL {lh:00}:due"), ("operator", "CONFIG SET dir /tmp"),
        ("default", "INFO"),
    ]:
        login = [] if user == "default" else ["--user", user, "--pass", stack.password(user), "--no-auth-warning"]
        answer = stack.read("exec", "-T", "redis", "redis-cli", *login, *command.split())
        if "NOPERM" not in answer and "NOAUTH" not in answer:
            raise Failure(f"Redis lets {user} do {command}: {answer}")
    for user, queue in [("worker", "longhaul.jobs.normal"), ("submitter", "longhaul.jobs.normal"), ("orchestrator", "longhaul.downloads.low")]:
        url = f"amqp://{user}:{stack.password(user)}@127.0.0.1:{stack.ports['RABBITMQ']}/%2F"
        try:
            with Queues(url) as queues:
                queues.purge(queue)
        except ConnectionError as problem:
            if "ACCESS_REFUSED" in str(problem):
                continue
            raise Failure(f"purging as {user}: {problem}") from None
        raise Failure(f"RabbitMQ lets {user} purge {queue}")
    for user in ("worker", "submitter"):
        try:
            management(stack, "queues", user)
        except urllib.error.HTTPError as problem:
            if problem.code == 401:
                continue
        raise Failure(f"the management page lets {user} in")


def containers_are_confined(stack):
    for service in ("orchestrator", "worker", "sandbox"):
        for container in stack.containers(service):
            of = json.loads(run(["docker", "inspect", container]))[0]
            host = of["HostConfig"]
            if not host["ReadonlyRootfs"] or host["CapDrop"] != ["ALL"] or of["Config"]["User"] != "10001:10001" or host["Memory"] == 0:
                raise Failure(f"{service} is not confined: {host['ReadonlyRootfs']}, {host['CapDrop']}, {of['Config']['User']}, {host['Memory']}")
    for service in stack.config()["services"].values():
        for port in service.get("ports", []):
            if port.get("host_ip") != "127.0.0.1":
                raise Failure(f"port {port} is open to others")


def logs_hold_no_secret(stack):
    logs = stack.read("--profile", "*", "logs", "--no-color")
    for user in (*USERS, "s3-secret-access-key"):
        if stack.password(user) in logs:
            raise Failure(f"the logs hold the password of {user}")


def refuses_plain_text(stack):
    """A broker that speaks TLS alone closes the connection, or answers with an alert, on an AMQP header."""
    with socket.create_connection(("127.0.0.1", stack.ports["RABBITMQ"]), 5) as connection:
        connection.sendall(b"AMQP\0\0\x09\x01")
        try:
            if connection.recv(8).startswith(b"\1\0\0"):
                raise Failure("the broker speaks AMQP in plain text")
        except ConnectionError:
            pass
