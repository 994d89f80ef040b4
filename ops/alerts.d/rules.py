"""The rules in ops/prometheus, and what must hold for them."""

import glob
import os
import re

import yaml

import expression

SECTIONS = ["Symptom", "Meaning", "Diagnose", "Fix", "Verify"]
SEVERITIES = {"page", "ticket"}
ANNOTATIONS = ("summary", "description", "runbook_url")
# Labels that Prometheus adds to each series.
TARGET = {"job", "instance"}
# Metrics of RabbitMQ, and of Prometheus itself.
FOREIGN = re.compile(r"rabbitmq_\w+|up")


def read(file):
    with open(file) as text:
        return yaml.safe_load(text)


class Rules:
    def __init__(self, folder):
        self.config = os.path.join(folder, "prometheus.yml")
        self.files = [os.path.join(folder, file) for file in read(self.config).get("rule_files", [])]
        self.tests = sorted(glob.glob(os.path.join(folder, "tests/*.yml")))
        rules = [rule for file in self.files for group in read(file)["groups"] for rule in group["rules"]]
        self.alerts = {rule["alert"]: rule for rule in rules if "alert" in rule}
        self.recorded = {rule["record"] for rule in rules if "record" in rule}
        self.expressions = [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules]
        tests = [(os.path.basename(file), test) for file in self.tests for test in read(file)["tests"]]
        self.series = [(f"{file}: {test['name']}", line["series"]) for file, test in tests for line in test.get("input_series", [])]
        # Alert, and whether it fires.
        self.cases = [(case["alertname"], bool(case.get("exp_alerts"))) for _, test in tests for case in test.get("alert_rule_test", [])]
        self.runbooks = {alert: rule.get("annotations", {}).get("runbook_url", "") for alert, rule in self.alerts.items()}

    def missing_cases(self):
        problems = []
        for alert in self.alerts:
            for fires, what in ((True, "fires"), (False, "stays silent")):
                if (alert, fires) not in self.cases:
                    problems.append(f"{alert}: no test in which it {what}; add one to ops/prometheus/tests")
        return problems + [f"{alert}: a test names an alert that does not exist" for alert, _ in self.cases if alert not in self.alerts]

    def incomplete_alerts(self):
        problems = []
        for alert, rule in self.alerts.items():
            annotations = rule.get("annotations", {})
            problems += [f"{alert}: {name} is missing" for name in ANNOTATIONS if not annotations.get(name)]
            if "for" not in rule:
                problems.append(f"{alert}: `for` is missing")
            if rule.get("labels", {}).get("severity") not in SEVERITIES:
                problems.append(f"{alert}: the severity must be one of {', '.join(sorted(SEVERITIES))}")
            # The value of absent() is always 1.
            if not rule["expr"].startswith("absent(") and not re.search(r"\$(value|labels)\b", annotations.get("description", "")):
                problems.append(f"{alert}: the description has no value")
        return problems

    def wrong_runbooks(self, root):
        problems = []
        with open(os.path.join(root, "ops/runbooks/README.md")) as index:
            listed = dict(re.findall(r"(?m)^\| `(\w+)` \|.*\]\(([\w-]+\.md)\) \|$", index.read()))
        for alert, url in self.runbooks.items():
            if not os.path.isfile(os.path.join(root, url)):
                problems.append(f"{alert}: runbook_url {url} leads to no page")
            if listed.pop(alert, None) != os.path.basename(url):
                problems.append(f"{alert}: ops/runbooks/README.md does not lead to {os.path.basename(url)}")
        problems += [f"{alert}: ops/runbooks/README.md names an alert that does not exist" for alert in listed]
        for path in sorted(glob.glob(os.path.join(root, "ops/runbooks/*.md"))):
            if os.path.basename(path) != "README.md":
                with open(path) as text:
                    problems += self.wrong_page(os.path.basename(path), text.read())
        return problems

    def wrong_page(self, name, text):
        sections = re.findall(r"(?m)^## (.*)$", text)
        problems = [] if sections == SECTIONS else [f"ops/runbooks/{name}: the sections must be {', '.join(SECTIONS)}"]
        named = set(re.findall(r"`(Longhaul\w+)`", text.split("\n## ")[0]))
        leading = {alert for alert, url in self.runbooks.items() if os.path.basename(url) == name}
        problems += [f"ops/runbooks/{name}: the head does not name {alert}, which leads here" for alert in sorted(leading - named)]
        return problems + [f"ops/runbooks/{name}: the head names {alert}, which does not lead here" for alert in sorted(named - leading)]

    def unknown_metrics(self, served):
        problems = []
        for where, text in self.expressions:
            for metric, labels in expression.metrics(text).items():
                problems += [f"{where}: {problem}" for problem in self.wrong_use(metric, labels, served)]
        for where, text in self.series:
            for metric, labels in expression.metrics(text).items():
                problems += [f"{where}: {problem}" for problem in self.wrong_use(metric, labels - TARGET, served)]
        return problems

    def wrong_use(self, metric, labels, served):
        if metric in self.recorded or FOREIGN.fullmatch(metric):
            return []
        if metric not in served:
            return [f"no service serves {metric}"]
        return [f"{metric} has no label {label}" for label in sorted(labels - served[metric])]
