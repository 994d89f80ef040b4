"""The steps of the run."""

import json
import os
import subprocess

from engine import NoEngine, say
from examine import (
    containers_are_confined,
    logs_hold_no_secret,
    prometheus_scrapes,
    queues_are_empty,
    redis_loaded_everything,
    redis_speaks_tls,
    speaks_tls_alone,
    users_may_no_more,
)
from exports import Watch, jobs, submit, trust, verify
from stack import FILE, REDIS_TLS, TLS, Failure, until

NEEDED = ("rabbitmq", "redis", "s3")


def prove(stack, count, with_tls):
    files_are_valid(stack)
    prepare(stack)
    plain = with_replicas(stack, jobs(count, "plain"))
    if not with_tls:
        return f"compose: {plain} of {count} exports completed and verified"
    secured = jobs(10, "tls")
    over_tls(stack, secured)
    return f"compose: {plain} of {count} exports completed and verified, with TLS {len(secured)} of {len(secured)}"


def files_are_valid(stack):
    for files in ([FILE], [FILE, TLS], [FILE, TLS, REDIS_TLS]):
        stack.files = files
        for profile in ([], ["tools"], ["observability"], ["tools", "observability"]):
            stack.must(*(word for name in profile for word in ("--profile", name)), "config", "--quiet")
    stack.files = [FILE]


def prepare(stack):
    config = stack.config()["services"]
    base = list(config["orchestrator"]["build"]["args"].values())
    to_be_had = stack.engine.provide([*base, *(config[name]["image"] for name in (*NEEDED, "prometheus"))])
    missing = {*base, *(config[name]["image"] for name in NEEDED)} - set(to_be_had)
    if missing:
        raise NoEngine(f"these images are not to be had: {', '.join(sorted(missing))}")
    stack.has_prometheus = config["prometheus"]["image"] in to_be_had
    say("building the image (some minutes)")
    stack.must("build", "orchestrator", deadline=2400)


def services(stack):
    return ["orchestrator", "worker", "sandbox", *(["prometheus"] if stack.has_prometheus else [])]


def with_replicas(stack, messages):
    say("starting the stack")
    stack.up(*services(stack), worker=1)
    containers_are_confined(stack)
    with Watch(stack) as watch:
        submit(stack, messages)
        watch.until("some are completed", lambda counts: counts["COMPLETED"] >= len(messages) // 20)
        say("4 workers, 2 orchestrators")
        stack.up(*services(stack), worker=4, orchestrator=2)
        watch.until("a third is completed", lambda counts: counts["COMPLETED"] >= len(messages) // 3)
        say("killing a container of each service")
        victims = [stack.kill(service) for service in ("worker", "orchestrator", "redis", "rabbitmq")]
        until("what was killed is healthy again", lambda: all(stack.is_healthy(victim) for victim in victims))
        say("2 workers")
        stack.up(*services(stack), worker=2, orchestrator=2)
        counts = watch.until("all have ended", lambda counts: counts["COMPLETED"] + counts["FAILED"] == len(messages))
    if counts["FAILED"]:
        raise Failure(f"{counts['FAILED']} exports failed")
    say("looking at queues, metrics, users, logs, and at every object")
    if [len(stack.containers(service)) for service in ("worker", "orchestrator")] != [2, 2]:
        raise Failure("using the commands has changed the number of replicas")
    redis_loaded_everything(stack)
    queues_are_empty(stack)
    if stack.has_prometheus:
        prometheus_scrapes(stack, {"orchestrator": 2, "worker": 2, "rabbitmq": 1})
    users_may_no_more(stack)
    logs_hold_no_secret(stack)
    return verify(stack, messages)


def over_tls(stack, messages):
    say("the same with TLS")
    stack.files = [FILE, TLS, *stand_in_of_s3(stack)]
    stack.up(*services(stack), worker=1, orchestrator=1)
    speaks_tls_alone(stack, trust(stack))
    with Watch(stack) as watch:
        before = watch.until("it tells anything", lambda counts: True)["COMPLETED"]
        submit(stack, messages)
        watch.until("all have ended", lambda counts: counts["COMPLETED"] >= before + len(messages))
    redis_speaks_tls(stack)
    queues_are_empty(stack, trust(stack))
    verify(stack, messages, secure=True)
    logs_hold_no_secret(stack)


def stand_in_of_s3(stack):
    """Adapts the stand-in, which takes no arguments and needs other names for its certificate."""
    image = stack.config()["services"]["s3"]["image"]
    entry = json.loads(subprocess.run(["docker", "image", "inspect", image], check=True, capture_output=True, text=True).stdout)[0]
    if entry["Config"].get("Entrypoint") != ["entrypoint"]:
        return []
    path = os.path.join(stack.folder, "stand-in.yaml")
    with open(path, "w") as file:
        json.dump(
            {
                "services": {
                    "s3": {
                        "entrypoint": [
                            "moto_server",
                            "-H",
                            "0.0.0.0",
                            "-p",
                            "8333",
                            "-c",
                            "/run/secrets/s3_certificate",
                            "-k",
                            "/run/secrets/s3_key",
                        ],
                        "command": [],
                    }
                }
            },
            file,
        )
    return [path]
