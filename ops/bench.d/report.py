"""Medians of several runs with their spread, and the comparison of Longhaul with the floors and Celery."""

import statistics

POOLS = ("prefork", "gevent")


def summary(runs):
    """The median, minimum and maximum of each figure. A value that is not a number stays unchanged."""
    found = {}
    for name in {name: None for run in runs for name in run}:
        values = [run[name] for run in runs if run.get(name) is not None]
        if values and all(isinstance(value, (int, float)) for value in values):
            found[name] = {"median": statistics.median(values), "least": min(values), "most": max(values)}
        else:
            found[name] = values[0] if values else None
    return found


def number(value):
    if not isinstance(value, (int, float)):
        return "–" if value is None else str(value)
    if abs(value) < 100 and value != int(value):
        return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:,.0f}"


def table(figures):
    """The table as lines of text."""
    for name, figure in figures.items():
        if not isinstance(figure, dict):
            yield f"  {name:<62}{number(figure):>14}"
        elif figure["least"] == figure["most"]:
            yield f"  {name:<62}{number(figure['median']):>14}"
        else:
            yield f"  {name:<62}{number(figure['median']):>14}   ({number(figure['least'])}–{number(figure['most'])})"


class Comparison:
    """Rows of medians: Longhaul, its floor, the ratio of both, Celery's better pool, and the factor by which Longhaul is better."""

    def __init__(self, summaries):
        self.summaries, self.rows = summaries, []
        self.row("poll cycles/s", "polls", "cycles/s", celery="polls/s", best=max)
        for floor in ("a message and two scripts", "a message and one script", "50 wakes a message and one script"):
            self.row(
                f"CPU a cycle µs, floor with {floor}",
                "polls",
                "CPU a cycle without the stub µs",
                floor=f"floor of a poll cycle, {floor}, µs",
                celery="CPU a poll without the stub µs",
                best=min,
            )
        self.row("small jobs/s", "jobs", "jobs/s", celery="jobs/s", best=max)
        is_folder = summaries.get("jobs", {}).get("output") != "S3 stub"
        self.row(
            "CPU a job µs",
            "jobs",
            "CPU a job without the stubs µs",
            celery="CPU a job without the stub µs",
            best=min,
            floor=f"floor of a small job, stored {'in a folder' if is_folder else 'by a PUT'}, µs",
        )

    def median(self, part, name):
        figure = self.summaries.get(part, {}).get(name)
        return figure["median"] if isinstance(figure, dict) else None

    def row(self, title, part, name, celery, best, floor=None):
        ours, least = self.median(part, name), self.median("raw", floor)
        theirs = [value for value in (self.median("celery", f"{pool}: {celery}") for pool in POOLS) if value is not None]
        theirs = best(theirs) if theirs else None
        if ours is None and least is None and theirs is None:
            return
        better = None
        if ours and theirs:
            better = ours / theirs if best is max else theirs / ours
        self.rows.append(
            {
                "measure": title,
                "longhaul": ours,
                "floor": least,
                "times the floor": round(ours / least, 2) if ours and least else None,
                "celery": theirs,
                "times better than Celery": round(better, 1) if better else None,
            }
        )

    def lines(self):
        yield f"  {'':<62}{'Longhaul':>12}{'floor':>12}{'× floor':>9}{'Celery':>12}{'better by':>11}"
        for row in self.rows:
            title, *values = (value if position == 0 else number(value) for position, value in enumerate(row.values()))
            yield f"  {title:<62}" + "".join(f"{value:>{width}}" for value, width in zip(values, (12, 12, 9, 12, 11)))
