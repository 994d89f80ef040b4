"""Debian's Prometheus with the configuration of the compose file, which scrapes a stack once a second."""

import json
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request

from stack import ROOT, free_port
from support import Failure, until

PROGRAM = shutil.which("prometheus")
# What Grafana puts into queries; both times are long enough for a rate.
VARIABLES = {"$__rate_interval": "10s", "$window": "10s", "$provider": ".*"}


class Prometheus:
    def __init__(self, stack):
        if not PROGRAM:
            raise Failure("no prometheus; run ops/install")
        self.stack, self.begun = stack, time.time()
        folder = f"{stack.folder}/prometheus"
        # With its rules, which the configuration names.
        shutil.copytree(f"{ROOT}/ops/prometheus", folder)
        with open(f"{folder}/prometheus.yml", "r+") as file:
            text = self.configuration(file.read())
            file.seek(0)
            file.write(text)
            file.truncate()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        stack.start(
            "prometheus",
            PROGRAM,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        )
        until(self.is_ready, 60, "Prometheus that is ready")

    def configuration(self, text):
        """The one of the compose file with the addresses of this stack, and a shorter interval."""
        broker = urllib.parse.urlsplit(self.stack.environment["RABBITMQ_METRICS"]).netloc

        def found(match):
            return f"static_configs: [{{ targets: {self.targets(match.group(1))} }}]"

        for pattern, replacement in (
            (r"dns_sd_configs: \[\{ names: \[(\w+)\].*\]", found),
            (r"rabbitmq:15692", broker),
            (r"scrape_interval: .*", "scrape_interval: 1s"),
            (r"scrape_timeout: .*", "scrape_timeout: 1s"),
            (r"evaluation_interval: .*", "evaluation_interval: 1s"),
        ):
            text = re.sub(pattern, replacement, text)
        if "dns_sd_configs" in text or broker not in text:
            raise Failure("ops/prometheus/prometheus.yml is written in a way that this test does not know")
        return text

    def targets(self, role):
        return json.dumps([f"127.0.0.1:{port}" for name, port in self.stack.ports.items() if name.startswith(role)])

    def is_ready(self):
        if self.stack.processes["prometheus"].poll() is not None:
            raise Failure(f"Prometheus has ended: {self.stack.logged('prometheus')[-1000:]}")
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=10):
                return True
        except OSError:
            return False

    def targets_down(self):
        """The addresses that cannot be scraped, with the reason."""
        return [
            f"{target['scrapeUrl']}: {target['lastError']}" for target in self.ask("targets")["activeTargets"] if target["health"] != "up"
        ]

    def series(self, expression):
        """The series of an expression since the start: labels and numbers. Raises `ValueError` if it is not valid."""
        answer = self.ask("query_range", query=substituted(expression), start=self.begun, end=time.time(), step="1s")
        return [(series["metric"], [float(value) for _, value in series["values"]]) for series in answer["result"]]

    def values(self, query):
        """The values that a variable of Grafana offers for `label_values(METRIC, LABEL)`."""
        metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", query).groups()
        return self.ask(f"label/{label}/values", **{"match[]": metric})

    def ask(self, path, **parameters):
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                raise ValueError(json.loads(text)["error"]) from None
            except (KeyError, json.JSONDecodeError):
                raise Failure(f"{url}: {error}: {text[:300]}") from None


def substituted(expression):
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression
