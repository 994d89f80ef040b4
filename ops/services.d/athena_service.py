"""AWS Athena: moto, with S3, and a server that verifies signatures."""

import urllib.parse

from aws import KEYS, REGION, TOKEN, Moto, refused, verified
from aws_server import Answer
from stage import check
from trial import Trial

QUERY = "SELECT 'täglich' AS name, 100 % 7 + 1"
BASE, S3 = "https://athena.{{ .parameters.region }}.amazonaws.com", "https://s3.{{ .parameters.region }}.amazonaws.com"
SECRET = '    secretAccessKey: "{{ .secrets.AWS_SECRET_ACCESS_KEY }}"\n'
# Characters that a signature must treat with care.
FOLDER = "s3://results/täglich + neu/a=b~(1)"
CSV = '"name","_col1"\n"täglich","3"\n'


def run(stage):
    against_moto(stage)

    def trial(changes):
        return lambda base, secrets: start(Trial(stage, "aws-athena", {BASE: base, S3: base} | changes), f"{FOLDER}/", secrets)

    calls = [f"athena AmazonAthena.{name}QueryExecution" for name in ("Start", "Get")]
    place = urllib.parse.urlsplit(FOLDER)
    fetch = "s3 /results" + urllib.parse.quote(place.path, safe="/~") + "/q-1.csv"
    files = verified(Play(), "athena", trial({}), [*calls, fetch])
    check(files == {"q-1.csv": CSV.encode()}, f"delivered: {files}")
    # With temporary credentials, as the page says.
    token = {SECRET: SECRET + '    sessionToken: "{{ .secrets.AWS_SESSION_TOKEN }}"\n'}
    files = verified(Play(), "athena", trial(token), [*calls, fetch], TOKEN)
    check(files == {"q-1.csv": CSV.encode()}, f"delivered with a session token: {files}")
    wrong = {"AWS_SECRET_ACCESS_KEY": KEYS["AWS_SECRET_ACCESS_KEY"][::-1]}
    refused(Play(), "athena", trial({}), wrong, "unauthori[sz]ed.*The request signature we calculated does not match")
    refused(Play(), "athena", trial({"service: athena": "service: logs"}), {}, "scoped to another service")


def start(trial, place, secrets):
    parameters = {"region": REGION, "query": QUERY, "database": "sales", "outputLocation": place}
    return trial.begin(parameters, secrets)


def against_moto(stage):
    """moto runs no queries: it is given the rows. It ignores ClientRequestToken, and takes any signature."""
    moto = Moto(stage)
    moto.bucket("results")
    rows = [{"Data": [{"VarCharValue": cell} for cell in row]} for row in (["name", "_col1"], ["täglich", "3"])]
    moto.api.post("/moto-api/static/athena/query-results", {"region": REGION, "results": [{"rows": rows, "column_info": []}]})
    # QUEUED and RUNNING for one answer each.
    progress = {"model_name": "athena::execution", "transition": {"progression": "manual", "times": 2}}
    moto.api.post("/moto-api/state-manager/set-transition", progress)
    running = start(Trial(stage, "aws-athena", {BASE: moto.base, S3: moto.base}), "s3://results/daily/", KEYS)
    files = running.succeeds()
    executions = moto.client("athena").list_query_executions()["QueryExecutionIds"]
    check(len(executions) == 1, f"queries in moto: {executions}")
    check(files == {f"{executions[0]}.csv": CSV.encode()}, f"delivered from moto: {files}")
    for state in ("QUEUED", "RUNNING", "SUCCEEDED"):
        check(f'State = "{state}"' in running.log, f"no check has seen {state}")


class Play:
    """One query."""

    def __init__(self):
        self.token, self.states = None, ["QUEUED", "RUNNING", "SUCCEEDED"]

    def call(self, target, body):
        if target == "AmazonAthena.StartQueryExecution":
            is_right = body["QueryString"] == QUERY and body["ResultConfiguration"] == {"OutputLocation": f"{FOLDER}/"}
            if not is_right or not 32 <= len(body["ClientRequestToken"]) <= 128:
                raise Answer("InvalidRequestException", f"{target} {body}")
            return {"QueryExecutionId": "q-1"}
        if target != "AmazonAthena.GetQueryExecution" or body != {"QueryExecutionId": "q-1"}:
            raise Answer("InvalidRequestException", f"{target} {body}")
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        configuration = {"OutputLocation": f"{FOLDER}/q-1.csv"}
        return {"QueryExecution": {"QueryExecutionId": "q-1", "Status": {"State": state}, "ResultConfiguration": configuration}}

    def object(self, path, query):
        if path != f"/results{urllib.parse.urlsplit(FOLDER).path}/q-1.csv" or query:
            raise Answer("NoSuchKey", path)
        return "text/csv", CSV.encode()
