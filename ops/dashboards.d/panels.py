"""The kinds of panels, as Grafana's JSON. A panel has no place yet: `dashboard` gives it one."""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HEIGHT = 8
GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "text"


def graph(title, description, unit, *queries, width=8, stacked=False, most=None):
    """Lines over time. `queries`: expressions with their legends. `most`: the end of the axis."""
    custom = {"lineWidth": 1, "fillOpacity": 60 if stacked else 8, "showPoints": "never", "spanNulls": False}
    if stacked:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    defaults = {"unit": unit, "min": 0, **({"max": most} if most else {}), "color": {"mode": "palette-classic"}, "custom": custom}
    options = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, description, queries, width, HEIGHT, defaults, options)


def number(title, description, unit, *queries, limits=(), width=4):
    """The present value. `limits`: from which values it is yellow (`None`: never) and red, or `()`."""
    steps = [{"color": GREEN if limits else BLUE, "value": None}]
    steps += [{"color": color, "value": value} for color, value in zip((YELLOW, RED), limits) if value is not None]
    defaults = {"unit": unit, "color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": steps}}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "textMode": "auto" if len(queries) == 1 else "value_and_name",
        "justifyMode": "auto",
        "orientation": "auto",
    }
    return panel("stat", title, description, queries, width, HEIGHT // 2, defaults, options)


def heat(title, description, unit, expression, width=12):
    """A histogram over time. `expression`: the buckets by `le`."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 64, "reverse": False, "exponent": 0.5, "scale": "exponential"},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "unit": unit},
    }
    found = panel("heatmap", title, description, [(expression, "{{le}}")], width, HEIGHT, {"unit": unit}, options)
    found["targets"][0]["format"] = "heatmap"
    return found


def states(title, description, expression, legend, names, width=12):
    """Bands of colour over time. `names`: the text and colour of each value."""
    mappings = [
        {"type": "value", "options": {str(value): {"text": text, "color": color, "index": value} for value, (text, color) in names.items()}}
    ]
    defaults = {
        "unit": "none",
        "color": {"mode": "thresholds"},
        "thresholds": {"mode": "absolute", "steps": [{"color": GREY, "value": None}]},
        "mappings": mappings,
        "custom": {"fillOpacity": 70, "lineWidth": 0},
    }
    options = {
        "mergeValues": True,
        "showValue": "auto",
        "rowHeight": 0.8,
        "alignValue": "left",
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return panel("state-timeline", title, description, [(expression, legend)], width, HEIGHT, defaults, options)


def panel(kind, title, description, queries, width, height, defaults, options):
    targets = [
        {
            "refId": chr(ord("A") + place),
            "datasource": SOURCE,
            "editorMode": "code",
            "range": True,
            "expr": expression,
            "legendFormat": legend,
        }
        for place, (expression, legend) in enumerate(queries)
    ]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "gridPos": {"h": height, "w": width},
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": targets,
    }
