"""Enqueues the work. Runs in the virtual environment of Celery.

usage: celery_load.py polls JOBS INTERVAL | jobs JOBS PARAMETERS
"""

import json
import sys
import time

import celery_app


def polls(jobs, interval):
    """Exports that never become ready. The first check of each is spread evenly over the interval that follows the time for enqueuing."""
    exports = []
    for _ in range(jobs):
        answer = celery_app.http.request("POST", f"{celery_app.API}/v2/exports", json={"report": "orders"})
        exports.append(json.loads(answer.data)["id"])
    start = time.time() + jobs / 500
    for number, export in enumerate(exports):
        due = start + interval * number / jobs
        celery_app.poll.apply_async((f"job-{number}", export, interval, due, 1), countdown=due - time.time())


def jobs(number, parameters):
    for job in range(number):
        celery_app.small_job(f"job-{job}", parameters).apply_async()


if __name__ == "__main__":
    kind, number, rest = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    {"polls": polls, "jobs": jobs}[kind](number, rest)
