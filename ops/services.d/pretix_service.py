"""pretix: web server and Celery worker with SQLite and a Redis of its own, and an event with one order."""

import csv
import io
import os
import re
import shutil
import subprocess

from environment import Environment
from stage import check, free_port
from trial import Trial
from web import API

NAME = 'Ada "Ä" Lovelace'


def configuration(folder, port, redis):
    """Without Celery, the request that creates an export would run it; with a worker it waits, as in a real installation."""
    return f"""[pretix]
instance_name=trial
url=http://127.0.0.1:{port}
datadir={folder}
[database]
backend=sqlite3
[redis]
location=redis://127.0.0.1:{redis}/0
sessions=true
[celery]
backend=redis://127.0.0.1:{redis}/1
broker=redis://127.0.0.1:{redis}/2
"""


def migrate(service):
    # Uses no Redis.
    file = os.path.join(service.folder, "pretix.cfg")
    with open(file, "w") as config:
        config.write(configuration(service.data, 1, 1))
    service.run([service.python, "-m", "pretix", "migrate", "--verbosity", "0"], {"PRETIX_CONFIG_FILE": file})


def run(stage):
    service = Environment("pretix").ready(migrate)
    port, redis = free_port(), free_port()
    shutil.copytree(service.data, stage.path("data"))
    environment = os.environ | {"PRETIX_CONFIG_FILE": stage.write("pretix.cfg", configuration(stage.path("data"), port, redis))}
    stage.start("redis", ["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""])
    pretix = [service.python, "-m", "pretix"]
    token = account(stage, pretix, environment)
    web = stage.start("web", [*pretix, "runserver", "--noreload", f"127.0.0.1:{port}"], environment)
    api = API(f"http://127.0.0.1:{port}/api/v1/organizers/bigevents", headers={"Authorization": f"Token {token}"})
    stage.until("pretix's API", lambda: api.answers("/events/"), web)
    code = order(api)
    trial = Trial(stage, "pretix", {"https://pretix.eu/api/v1 ": f"http://127.0.0.1:{port}/api/v1 "})
    celery = [service.python, "-m", "celery", "-A", "pretix.celery_app", "worker", "--concurrency", "1"]
    export(trial, {"PRETIX_TOKEN": token}, code, lambda: stage.start("worker", celery, environment))


def account(stage, pretix, environment):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pretix_account.py")) as script:
        shell = subprocess.run([*pretix, "shell"], stdin=script, env=environment, cwd=stage.folder, capture_output=True, text=True)
    token = re.search(r"^token (\w+)$", shell.stdout, re.MULTILINE)
    check(token, f"pretix shell made no token: {shell.stderr[-300:]}")
    return token[1]


def order(api):
    event = {"name": {"en": "Sample Conf"}, "slug": "sampleconf", "currency": "EUR", "date_from": "2027-05-01T10:00:00Z", "plugins": []}
    api.post("/events/", event)
    item = api.post("/events/sampleconf/items/", {"name": {"en": "Ticket"}, "default_price": "23.00", "active": True, "tax_rule": None})[
        "id"
    ]
    api.post("/events/sampleconf/quotas/", {"name": "all", "size": 10, "items": [item], "variations": []})
    position = {"item": item, "variation": None, "price": "23.00", "attendee_name_parts": {"_scheme": "full", "full_name": NAME}}
    payment = {"status": "p", "payment_provider": "manual"}
    return api.post("/events/sampleconf/orders/", {"email": "ada@example.com", "locale": "en", "positions": [position]} | payment)["code"]


def export(trial, secrets, code, start_worker):
    parameters = {"organizer": "bigevents", "event": "sampleconf", "exporter": "orderlist", "input": '{"_format": "positions:default"}'}
    job = ["--id", "services-1"]
    first = trial.begin(parameters, secrets, *job).says('= "waiting"')
    worker = start_worker()
    files = first.succeeds()
    check(positions(files) == [(code, "23.00", NAME)], f"delivered: {files}")
    # The same job again gets the same export, by its idempotency key.
    again = trial.begin(parameters, secrets, *job)
    check(again.succeeds() == files, "the same job again delivers something else")
    check(address(first) == address(again), "the same job again has started another export")
    # All events of the organizer.
    whole = {"organizer": "bigevents", "exporter": "orderlist", "input": '{"_format": "positions:default"}'}
    check(positions(trial.run(whole, secrets)) == [(code, "23.00", NAME)], "the organizer's export is another one")
    xlsx = only(trial.run(parameters | {"input": '{"_format": "xlsx"}'}, secrets))
    check(xlsx.startswith(b"PK"), "no spreadsheet was delivered")
    # There are no invoices.
    trial.begin(parameters | {"exporter": "invoices", "input": "{}"}, secrets).fails("the export failed")
    trial.begin(parameters, {"PRETIX_TOKEN": "wrong"}).fails(r"\(unauthorised\)")
    check(worker.poll() is None, "the worker has ended by itself")


def address(trial):
    return re.search(r'export (\{"download":.*\})', trial.log)[1]


def positions(files):
    rows = csv.DictReader(io.StringIO(only(files).decode("utf-8-sig")))
    return [(row["Order code"], row["Price"], row["Attendee name"]) for row in rows]


def only(files):
    check(len(files) == 1, f"delivered: {list(files)}")
    return next(iter(files.values()))
