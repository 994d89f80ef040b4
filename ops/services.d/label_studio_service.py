"""Label Studio: a server with SQLite, and a project with two tasks, one of which is annotated."""

import csv
import glob
import io
import json
import os
import secrets
import shutil
import zipfile

from environment import Environment
from stage import ROOT, check, free_port
from trial import Trial
from web import API

CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="kind" toName="text"><Choice value="good"/><Choice value="bad"/></Choices></View>'
)
TEXTS = ['naïve, "quoted"', "second"]
LEGACY = 'auth: { header: { Authorization: "Token {{ .secrets.LABEL_STUDIO_TOKEN }}" } }      # a legacy token\n'


def migrate(service):
    # As a script: it is no module of the package.
    manage = glob.glob(os.path.join(service.folder, "venv/lib/python3*/site-packages/label_studio/manage.py"))[0]
    service.run([service.python, manage, "migrate", "--verbosity", "0"], settings(service.data))


def settings(folder):
    return {
        "LABEL_STUDIO_BASE_DATA_DIR": folder,
        "DJANGO_DB": "sqlite",
        # It reports to nobody.
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


def run(stage):
    service = Environment("label-studio").ready(migrate)
    folder, port, token = stage.path("data"), free_port(), secrets.token_hex(20)
    shutil.copytree(service.data, folder)
    account = ["--username", "ada@example.com", "--password", secrets.token_hex(12), "--user-token", token, "--enable-legacy-api-token"]
    place = ["--no-browser", "--data-dir", folder, "--internal-host", "127.0.0.1", "--port", str(port)]
    server = stage.start("server", [service.program("label-studio"), "start", *place, *account], os.environ | settings(folder))
    base = f"http://127.0.0.1:{port}/api"
    api = API(base, headers={"Authorization": f"Token {token}"})
    stage.until("Label Studio's API", lambda: api.answers("/projects/"), server)
    project = api.post("/projects/", {"title": "orders", "label_config": CONFIG})["id"]
    answer = [{"result": [{"from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}}]}]
    api.post(f"/projects/{project}/import", [{"data": {"text": TEXTS[0]}, "annotations": answer}, {"data": {"text": TEXTS[1]}}])
    changes = {"https://app.humansignal.com/api ": f"{base} "}
    trial = Trial(stage, "label-studio", changes)
    export(trial, project, token)
    # The page's other way to sign in: a personal access token, which is exchanged.
    refresh = api.post("/token/", {})["token"]
    rows = table(Trial(stage, "label-studio", changes | {LEGACY: session()}).run({"project": project, "format": "CSV"}, secret(refresh)))
    check([row["text"] for row in rows] == TEXTS, f"with a personal access token: {rows}")
    left = api.get(f"/projects/{project}/exports/")
    check(left == [], f"snapshots are left: {left}")
    refused(trial, project, token)


def secret(token):
    return {"LABEL_STUDIO_TOKEN": token}


def session():
    """As the page has it."""
    with open(os.path.join(ROOT, "ops/docs/providers/label-studio.md")) as page:
        return page.read().split("```yaml\n")[1].split("```")[0]


def export(trial, project, token):
    tasks = json.loads(only(trial.run({"project": project}, secret(token))))
    check([task["data"]["text"] for task in tasks] == TEXTS, f"JSON: {tasks}")
    check(tasks[0]["annotations"][0]["result"][0]["value"] == {"choices": ["good"]}, f"JSON: {tasks[0]}")
    rows = table(trial.run({"project": project, "format": "CSV"}, secret(token)))
    check([(row["text"], row["kind"]) for row in rows] == [(TEXTS[0], "good"), (TEXTS[1], "")], f"CSV: {rows}")
    # Only annotated tasks.
    options = {"format": "CSV", "task_filter_options": '{"annotated": "only"}'}
    rows = table(trial.run({"project": project} | options, secret(token)))
    check([row["text"] for row in rows] == TEXTS[:1], f"CSV of annotated tasks: {rows}")
    # A format of several files is a zip.
    with zipfile.ZipFile(io.BytesIO(only(trial.run({"project": project, "format": "YOLO"}, secret(token))))) as archive:
        check(archive.read("classes.txt").decode().split() == ["bad", "good"], f"YOLO: {archive.namelist()}")


def refused(trial, project, token):
    trial.begin({"project": project, "format": "NOPE"}, secret(token)).fails("NOPE is not supported export format")
    trial.begin({"project": project}, secret("0" * 40)).fails(r"\(unauthorised\)")


def table(files):
    return list(csv.DictReader(io.StringIO(only(files).decode())))


def only(files):
    check(len(files) == 1, f"delivered: {list(files)}")
    return next(iter(files.values()))
