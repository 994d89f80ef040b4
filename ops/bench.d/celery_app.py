"""The work of Longhaul as a Celery application: export jobs that are created, polled, listed, downloaded and stored.

Configured as Celery's documentation recommends for short tasks that must not be lost: acknowledged late, published with confirms, no
stored results, and a prefetch window of many messages. One write to Redis per step stands for the job's record.
"""

import hashlib
import json
import os
import time

import redis
import urllib3
from celery import Celery, chain
from kombu import Queue

API = os.environ["BENCH_API"]
OUTPUT = os.environ["BENCH_OUTPUT"]

app = Celery("celery_app", broker=os.environ["BENCH_BROKER"])
app.conf.update(
    task_queues=[Queue("bench.celery", queue_arguments={"x-queue-type": os.environ["BENCH_QUEUE"]})],
    task_default_queue="bench.celery",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    broker_transport_options={"confirm_publish": True},
    # As many publishing connections as green threads; each process has its own pool.
    broker_pool_limit=int(os.environ["BENCH_CONCURRENCY"]),
    worker_prefetch_multiplier=int(os.environ["BENCH_PREFETCH"]),
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
)

# Persistent connections, opened at first use; with prefork, in each process.
http = urllib3.PoolManager(maxsize=100, block=True)
records = redis.Redis.from_url(os.environ["BENCH_REDIS"])


def record(job, **fields):
    records.hset(f"job:{job}", mapping=fields)


def get(url):
    answer = http.request("GET", url)
    if answer.status != 200:
        raise RuntimeError(f"{url}: status {answer.status}")
    return answer.data


@app.task
def poll(job, export, interval, due, attempts):
    """A check of an export that is not ready, and the next one after `interval` seconds."""
    late = time.time() - due
    status = json.loads(get(f"{API}/v2/exports/{export}"))["status"]
    record(job, status=status, attempts=attempts, late=late)
    poll.apply_async((job, export, interval, time.time() + interval, attempts + 1), countdown=interval)


@app.task
def create(job, parameters):
    answer = http.request("POST", f"{API}/v2/exports", json=parameters, headers={"Idempotency-Key": job})
    record(job, status="POLLING")
    return job, json.loads(answer.data)["id"]


@app.task(bind=True, max_retries=None)
def check(self, created):
    job, export = created
    status = json.loads(get(f"{API}/v2/exports/{export}"))["status"]
    if status != "DONE":
        raise self.retry(countdown=1)
    record(job, status="READY")
    return job, export


@app.task
def listing(ready):
    job, export = ready
    file = json.loads(get(f"{API}/v2/exports/{export}/files"))["files"][0]
    record(job, status="PROCESSING")
    return job, file


@app.task
def download(listed):
    job, file = listed
    content = get(file["url"])
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise RuntimeError(f"{job}: wrong bytes")
    store(f"{OUTPUT}/{job}", file["name"], content)
    record(job, stored=file["name"])
    return job, file


@app.task
def write(stored):
    """Writes the manifest and ends the job."""
    job, file = stored
    store(f"{OUTPUT}/{job}", "manifest.json", json.dumps({"exportJobId": job, "files": [file]}).encode())
    record(job, status="COMPLETED")


def small_job(job, parameters):
    return chain(create.s(job, parameters), check.s(), listing.s(), download.s(), write.s())


def store(folder, name, content):
    os.makedirs(folder, exist_ok=True)
    partial = f"{folder}/.{name}.partial"
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(partial, f"{folder}/{name}")
