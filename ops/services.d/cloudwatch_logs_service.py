"""AWS CloudWatch Logs: moto, with S3, and a server that verifies signatures."""

import gzip
import time
from xml.sax.saxutils import escape

from aws import KEYS, REGION, TOKEN, Moto, refused, verified
from aws_server import Answer
from stage import check
from trial import Trial

BASE = "https://logs.{{ .parameters.region }}.amazonaws.com"
# The listing and the downloads.
LIST, FETCH = "GET https://s3.{{ .parameters.region }}.amazonaws.com/", 'endpoint: "https://s3.{{ .parameters.region }}.amazonaws.com"'
GROUP, DAY = "/aws/lambda/orders", {"from": "2026-10-01T00:00:00Z", "to": "2026-10-02T00:00:00Z"}
# Characters that a signature must treat with care.
STREAM = "2026-10-01-[$LATEST] ä+b=c"


def run(stage):
    against_moto(stage)

    def trial(changes):
        return lambda base, secrets: start(Trial(stage, "aws-cloudwatch-logs", addresses(base) | changes), secrets)

    calls = [f"logs Logs_20140328.{name}" for name in ("CreateExportTask", "DescribeExportTasks")]
    # With the keys of a user, and with temporary ones, as the page says.
    token = 'sessionToken: "{{ .secrets.AWS_SESSION_TOKEN }}"'
    temporary = {f"service: {name} }}": f"service: {name}, {token} }}" for name in ("logs", "s3")}
    for changes, session in (({}, None), (temporary, TOKEN)):
        play = Play()
        files = verified(play, "logs", trial(changes), calls, session)
        check(contents(files) == {f"{STREAM}-000000.log.gz": "täglich\n", "second-000000.log.gz": "2\n"}, f"delivered: {files}")
        check(play.pages == [None, Play.NEXT], f"pages asked for: {play.pages}")
    wrong = {"AWS_SECRET_ACCESS_KEY": KEYS["AWS_SECRET_ACCESS_KEY"][::-1]}
    refused(Play(), "logs", trial({}), wrong, "unauthori[sz]ed.*The request signature we calculated does not match")


def addresses(base):
    return {BASE: base, LIST: f"GET {base}/", FETCH: f'endpoint: "{base}"'}


def start(trial, secrets):
    return trial.begin({"region": REGION, "logGroup": GROUP, "bucket": "archive"} | DAY, secrets)


def contents(files):
    return {name: gzip.decompress(content).decode() for name, content in files.items()}


def against_moto(stage):
    """moto ends a task at once, takes any signature, and writes to a folder that has another id than the task: the file's listing
    would find nothing there, so it lists the folder above."""
    moto = Moto(stage)
    moto.bucket("archive")
    logs = moto.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    # moto ignores events that are older than two weeks, as AWS does.
    begin = int(time.time() - 3600) * 1000
    hour = {"from": stamp(begin - 1000), "to": stamp(begin + 3_600_000)}
    for name in ("one", "two/2"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
        events = [{"timestamp": begin + number, "message": f"{name} täglich {number}"} for number in (0, 1)]
        logs.put_log_events(logGroupName=GROUP, logStreamName=name, logEvents=events)
    folder = {'"{{ .parameters.prefix }}/{{ .export.id }}/"': '"{{ .parameters.prefix }}/"'}
    trial = Trial(stage, "aws-cloudwatch-logs", addresses(moto.base) | folder)
    running = trial.begin({"region": REGION, "logGroup": GROUP, "bucket": "archive"} | hour, KEYS)
    # Each line begins with the event's time.
    found = sorted([line.partition(" ")[2] for line in text.splitlines()] for text in contents(running.succeeds()).values())
    check(found == [[f"{name} täglich {number}" for number in (0, 1)] for name in ("one", "two/2")], f"delivered from moto: {found}")
    tasks = [task["taskName"] for task in logs.describe_export_tasks()["exportTasks"]]
    check(len(tasks) == 1 and tasks[0].startswith("try-"), f"tasks in moto: {tasks}")


def stamp(milliseconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))


class Play:
    """One task, whose files are listed in two pages."""

    NEXT = "1/a+b c=="

    def __init__(self):
        self.states, self.pages = ["PENDING", "RUNNING", "COMPLETED"], []
        self.objects = {f"exportedlogs/t-1/{STREAM}/000000.gz": "täglich\n", "exportedlogs/t-1/second/000000.gz": "2\n"}

    def call(self, target, body):
        if target == "Logs_20140328.CreateExportTask":
            # 2026-10-01 and the day after it, in milliseconds.
            is_right = (body["from"], body["to"]) == (1790812800000, 1790899200000) and body["logGroupName"] == GROUP
            if not is_right or (body["destination"], body["destinationPrefix"]) != ("archive", "exportedlogs"):
                raise Answer("InvalidParameterException", f"{target} {body}")
            return {"taskId": "t-1"}
        if target != "Logs_20140328.DescribeExportTasks" or body != {"taskId": "t-1"}:
            raise Answer("InvalidParameterException", f"{target} {body}")
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"exportTasks": [{"taskId": "t-1", "status": {"code": state}}]}

    def object(self, path, query):
        if path == "/archive" and query.get("list-type") == "2" and query.get("prefix") == "exportedlogs/t-1/":
            return "application/xml", self.page(query.get("continuation-token")).encode()
        key = path.removeprefix("/archive/")
        if key not in self.objects:
            raise Answer("NoSuchKey", path)
        return "binary/octet-stream", gzip.compress(self.objects[key].encode(), mtime=0)

    def page(self, token):
        self.pages.append(token)
        key = list(self.objects)[0 if token is None else 1]
        size = len(gzip.compress(self.objects[key].encode(), mtime=0))
        more = f"<NextContinuationToken>{escape(self.NEXT)}</NextContinuationToken>" if token is None else ""
        return (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>archive</Name>'
            f"<Prefix>exportedlogs/t-1/</Prefix><IsTruncated>{str(token is None).lower()}</IsTruncated>{more}"
            f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size></Contents></ListBucketResult>"
        )
