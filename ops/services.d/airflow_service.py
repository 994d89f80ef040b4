"""Airflow: web server and scheduler with SQLite, one DAG, and a user who may run it."""

import json
import os
import secrets

from environment import Environment
from stage import check, free_port
from trial import Trial
from web import API


def run(stage):
    service = Environment("airflow").ready()
    port, password = free_port(), secrets.token_hex(12)
    environment = settings(service, stage)
    airflow = service.program("airflow")
    stage.run("migrate", [airflow, "db", "migrate"], environment)
    # The roles, which the web server would only make when it starts.
    stage.run("roles", [airflow, "sync-perm"], environment)
    name = ["--firstname", "Ada", "--lastname", "Lovelace", "--email", "ada@example.com"]
    # User is the least role that may trigger DAGs.
    stage.run("user", [airflow, "users", "create", "--username", "exporter", "--password", password, "--role", "User", *name], environment)
    stage.start("scheduler", [airflow, "scheduler"], environment)
    web = stage.start("webserver", [airflow, "webserver", "--hostname", "127.0.0.1", "--port", str(port)], environment)
    api = API(f"http://127.0.0.1:{port}/api/v1", auth=("exporter", password))
    stage.until("the DAG in Airflow's API", lambda: api.answers("/dags/export_orders"), web)
    trial = Trial(stage, "airflow", {"https://airflow.example.com/api/v1 ": f"http://127.0.0.1:{port}/api/v1 "})
    export(trial, {"AIRFLOW_USERNAME": "exporter", "AIRFLOW_PASSWORD": password})


def settings(service, stage):
    return os.environ | {
        "AIRFLOW_HOME": stage.path("airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": os.path.join(os.path.dirname(os.path.abspath(__file__)), "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.providers.fab.auth_manager.api.auth.backend.basic_auth",
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        # The tasks' processes look for `airflow` there.
        "PATH": os.path.dirname(service.python) + os.pathsep + os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def export(trial, secrets_):
    parameters = {"dag": "export_orders", "task": "collect", "conf": '{"day": "2026-01-31"}'}
    job = ["--id", "services-1"]
    first = trial.begin(parameters, secrets_, *job)
    expected = [{"day": "2026-01-31", "id": number, "name": 'naïve "Ä"'} for number in (1, 2, 3)]
    files = first.succeeds()
    check(rows(files) == expected, f"delivered: {files}")
    check('"state": "running"' in first.log, "no check has seen the run run")
    # The same job again adopts the run, and delivers the same.
    again = trial.begin(parameters, secrets_, *job)
    check(rows(again.succeeds()) == expected, "the adopted run delivers something else")
    check("adopted an export that exists" in again.log, "the second job has not adopted the run")
    trial.begin(parameters | {"task": "nobody"}, secrets_, *job).fails("xcom-not-found.*XCom entry not found")
    trial.begin(parameters | {"conf": '{"fail": true}'}, secrets_).fails("the run .* of the DAG export_orders has failed")
    trial.begin(parameters, secrets_ | {"AIRFLOW_PASSWORD": "wrong"}).fails(r"\(unauthorised\)")


def rows(files):
    check(list(files) == ["collect.ndjson"], f"delivered: {list(files)}")
    return [json.loads(line) for line in files["collect.ndjson"].decode().splitlines()]
