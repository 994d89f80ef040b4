"""What Prometheus answers to all queries of the dashboards."""

import math
import re

from structure import graphs

# What a panel shows in the place of no series.
NOTHING = " or vector(0)"
# Metrics that have no series while all is well, and that the load does not produce.
QUIET = ("telemetry_collector_failures_total",)


class Query:
    """An expression of a panel, or of a variable. `problem`: why its answer is not good; `None` if it is good."""

    def __init__(self, where, text, legend=None):
        self.where, self.text, self.legend, self.problem = where, text, legend, "not asked"
        self.is_invalid = False

    def ask(self, prometheus):
        try:
            if self.text.startswith("label_values("):
                self.problem = None if prometheus.values(self.text) else "no values"
            else:
                self.problem = self.complaint(prometheus.series(self.measured()))
        except ValueError as error:
            self.problem, self.is_invalid = f"invalid: {error}", True

    def measured(self):
        """The part of the expression that the load must produce."""
        return self.text if any(metric in self.text for metric in QUIET) else self.text.removesuffix(NOTHING)

    def complaint(self, series):
        if not any(math.isfinite(value) for _, values in series for value in values):
            return "only NaN" if series else "empty"
        if self.measured().endswith(NOTHING):
            return None
        missing = {label for label in re.findall(r"\{\{(\w+)\}\}", self.legend) for labels, _ in series if label not in labels}
        return f"no label {', '.join(sorted(missing))} for the legend" if missing else None

    def __str__(self):
        return f"{self.where}: {self.problem}: {self.text}"


def all_queries(models):
    found = {}
    for name, model in models.items():
        for variable in model["templating"]["list"]:
            if variable["type"] == "query":
                text = variable["definition"]
                found.setdefault(text, Query(f"{name}, variable {variable['name']}", text))
        for panel in graphs(model):
            for target in panel["targets"]:
                # The same query is asked once.
                key = target["expr"], target["legendFormat"]
                found.setdefault(key, Query(f'{name}, "{panel["title"]}"', *key))
    return list(found.values())
