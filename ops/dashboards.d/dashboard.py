"""A dashboard: its variables, its rows of panels, and its JSON text."""

import json

WIDTH = 24
# Grafana 11 and later read it.
SCHEMA = 39
LINE = 140


def dashboard(name, title, description, rows, providers=True):
    """`name`: of the file, and the end of the uid. `rows`: titles with their panels. `providers`: whether there is that variable."""
    variables = [source_variable(), *([provider_variable()] if providers else []), window_variable()]
    return {
        "uid": f"longhaul-{name}",
        "title": title,
        "description": description,
        "tags": ["longhaul"],
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "title": "Longhaul",
                "tags": ["longhaul"],
                "asDropdown": False,
                "includeVars": True,
                "keepTime": True,
                "targetBlank": False,
            }
        ],
        "annotations": {"list": []},
        "templating": {"list": variables},
        "panels": placed(rows),
    }


def placed(rows):
    """The panels of all rows with their ids and places: from left to right, in lines of 24 columns."""
    panels, top = [], 0
    for title, members in rows:
        heading = {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}}
        panels.append({"id": len(panels) + 1, **heading})
        top, left, height = top + 1, 0, 0
        for member in members:
            size = member["gridPos"]
            if left + size["w"] > WIDTH:
                top, left, height = top + height, 0, 0
            panels.append({"id": len(panels) + 1, **member, "gridPos": {"x": left, "y": top, **size}})
            left, height = left + size["w"], max(height, size["h"])
        top += height
    return panels


def source_variable():
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "regex": "",
        "refresh": 1,
        # Grafana takes the first one.
        "current": {},
        "options": [],
        "multi": False,
        "includeAll": False,
        "hide": 0,
    }


def provider_variable():
    query = "label_values(longhaul_jobs, provider)"
    return {
        "name": "provider",
        "label": "Provider",
        "type": "query",
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "definition": query,
        "regex": "",
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [],
        "hide": 0,
    }


def window_variable():
    """Averages of jobs need a longer time than rates: few jobs end in a minute."""
    times = ("5m", "15m", "1h", "6h", "1d")
    return {
        "name": "window",
        "label": "Averages over",
        "type": "interval",
        "query": ",".join(times),
        "options": [{"text": time, "value": time, "selected": time == "15m"} for time in times],
        "current": {"text": "15m", "value": "15m"},
        "auto": False,
        "refresh": 2,
        "hide": 0,
    }


def text(model):
    return written(model, 0) + "\n"


def written(value, depth):
    """JSON in which everything that fits on a line stands on one."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + 2 * depth <= LINE or not isinstance(value, (dict, list)):
        return flat
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + written(member, depth + 1) for member in value) + f"\n{outer}]"
    members = (f"{inner}{json.dumps(key)}: {written(member, depth + 1)}" for key, member in value.items())
    return "{\n" + ",\n".join(members) + f"\n{outer}}}"
