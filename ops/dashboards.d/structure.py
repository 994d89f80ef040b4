"""Checks dashboards without any server: what Grafana needs, what readers need, and that all metrics exist."""

import re

import promql
from dashboard import WIDTH

# Of RabbitMQ's own endpoints, and of Prometheus.
FOREIGN = ("rabbitmq_", "erlang_", "up")


def problems(models, metrics):
    """`models`: the dashboards by name. `metrics`: the kinds of the program's metrics by name."""
    found = []
    for name, model in models.items():
        found += [f"{name}: {problem}" for problem in of_dashboard(name, model)]
        for panel in graphs(model):
            found += [f'{name}, "{panel.get("title")}": {problem}' for problem in of_panel(panel, metrics)]
    return found


def graphs(model):
    """All panels but the headings of rows."""
    return [panel for panel in model["panels"] if panel["type"] != "row"]


def queries(panel):
    return [target["expr"] for target in panel["targets"]]


def of_dashboard(name, model):
    if model["uid"] != f"longhaul-{name}":
        yield f"the uid is {model['uid']}"
    if model["tags"] != ["longhaul"] or not model["links"] or not model["title"] or not model["description"]:
        yield "tags, links, title or description are missing"
    ids = [panel["id"] for panel in model["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels have the same id"
    yield from places(model["panels"])
    used = set(
        re.findall(r"\$\{?(\w+)", " ".join(text for panel in graphs(model) for text in [*queries(panel), panel["datasource"]["uid"]]))
    )
    known = {variable["name"] for variable in model["templating"]["list"]}
    for variable in used - known - {"__rate_interval"}:
        yield f"there is no variable {variable}"
    for variable in known - used:
        yield f"no query uses the variable {variable}"


def places(panels):
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        if place["x"] + place["w"] > WIDTH:
            yield f'"{panel["title"]}" is outside of the grid'
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
            other = taken.setdefault(cell, panel)
            if other is not panel:
                yield f'"{panel["title"]}" lies on "{other["title"]}"'
                break


def of_panel(panel, metrics):
    if not panel.get("title") or not panel.get("description", "").endswith("."):
        yield "it needs a title, and a description of whole sentences"
    if not panel["fieldConfig"]["defaults"].get("unit"):
        yield "it has no unit"
    if not panel["targets"] or not all(target.get("expr") and target.get("legendFormat") for target in panel["targets"]):
        yield "it has no query, or one without an expression or a legend"
    for expression in queries(panel):
        for metric in sorted(promql.names(expression)):
            if not metric.startswith(FOREIGN) and not exists(metric, metrics):
                yield f"the program has no metric {metric}"


def exists(metric, metrics):
    """Whether there are series of this name: a histogram has three for one metric."""
    base = re.sub(r"_(bucket|sum|count)$", "", metric)
    return metrics.get(base) == "histogram" if base != metric else metrics.get(metric) in ("counter", "gauge")
