"""How well the learned policy chooses when to check, by `longhaul simulate`, and what `status.batch` saves.

Each workload is compared at the same mean lag: with the optimum, which knows the durations, and with a fixed interval; and the lag that
95 % of the exports stay below, with that of a fixed interval that checks as often.
"""

import json
import os
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import hinted
import report
from parts import together
from support import say

RUNS = 1
JOBS, LAG, HISTORY, SEEDS = 4000, "90s", 200, 3
CHECKS, MEAN, P95, OPTIMUM = "checks a job", "mean lag s", "p95 lag s", "optimum"
OF_OPTIMUM, OF_FIXED, OF_P95 = "of optimum", "of fixed", "of its p95"
COLUMNS = (CHECKS, MEAN, P95, OPTIMUM, OF_OPTIMUM, OF_FIXED, OF_P95)
BATCH_COLUMNS = (together.RATE, together.REQUESTS, together.ORCHESTRATOR, together.ALL, "% of a core used by others")
# No worse than a fixed interval; p95 lags of a run differ by 1 to 2 % from one seed to the next.
EVERYWHERE = {OF_FIXED: 1.05, OF_P95: 1.02}


@dataclass
class Workload:
    name: str
    arguments: str
    bounds: dict = field(default_factory=dict)
    jobs: int = JOBS
    history: int = HISTORY
    seeds: int = SEEDS
    # Median and deviation of durations whose progress the API tells: the program computes no optimum for them.
    hinted: tuple = ()

    @property
    def most(self):
        return {**EVERYWHERE, **self.bounds}

    def row(self, program, jobs, first_seed):
        """The median of several seeds; of a cold start, where a run is a few exports, the mean of many."""
        rows = [self.play(program, jobs, first_seed + seed) for seed in range(self.seeds)]
        middle = statistics.median if self.history else statistics.mean
        return {name: None if rows[0][name] is None else round(middle(row[name] for row in rows), 4) for name in COLUMNS}

    def play(self, program, jobs, seed):
        command = [program, "simulate", *self.arguments.split(), "--target-lag", LAG, "--history", self.history]
        command += ["--jobs", jobs if jobs and self.history else self.jobs, "--seed", seed, "--compare", "--json"]
        found = json.loads(subprocess.run([str(word) for word in command], check=True, capture_output=True).stdout)
        policy = found["policy"]
        checks, lag = policy["pollsPerJob"], policy["lagSeconds"]
        # The program's optimum does not know that the durations change.
        best = None if "--later" in self.arguments else found.get("optimalPollsPerJob")
        if self.hinted:
            best = hinted.checks(*self.hinted, lag["mean"])
        return {
            CHECKS: checks,
            MEAN: lag["mean"],
            P95: lag["p95"],
            OPTIMUM: best,
            OF_OPTIMUM: best and checks / best,
            OF_FIXED: found["ofFixed"],
            OF_P95: lag["p95"] / found["fixedAsOften"]["lagSeconds"]["p95"],
        }


def plain(distribution, **bounds):
    return Workload(distribution, f"--distribution {distribution}", **bounds)


def cold(distribution):
    return Workload(f"cold start, {distribution}", f"--distribution {distribution}", jobs=50, history=0, seeds=20)


NEAR = {OF_OPTIMUM: 1.15}
WORKLOADS = (
    plain("lognormal:1200,0.8", bounds=NEAR),
    plain("lognormal:2700,0.25", bounds={**NEAR, OF_FIXED: 0.6}),
    Workload(
        "two kinds with a key, lognormal",
        "--distribution lognormal:480,0.25 --distribution lognormal:5400,0.25 --keyed",
        {**NEAR, OF_FIXED: 0.6},
    ),
    plain("weibull:0.7,1800", bounds=NEAR),
    plain("weibull:1.5,1800", bounds=NEAR),
    Workload("lognormal:2700,0.1, progress", "--distribution lognormal:2700,0.1 --progress", {OF_OPTIMUM: 1.3}, hinted=(2700, 0.1)),
    plain("pareto:1.5,600"),
    plain("exponential:1800"),
    cold("lognormal:1200,0.8"),
    cold("weibull:0.7,1800"),
    cold("exponential:1800"),
    Workload("lognormal:600,0.25, then 3600", "--distribution lognormal:600,0.25 --later lognormal:3600,0.25", jobs=2000),
)


def run(options, measured):
    # Another run plays other seeds.
    runs = len(measured.get("polling", ()))
    say(f"{sum(workload.seeds for workload in WORKLOADS)} simulations")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(lambda workload: workload.row(options.program, options.jobs, 1 + runs * workload.seeds), WORKLOADS))
    return {
        **figures({workload.name: row for workload, row in zip(WORKLOADS, rows)}, {workload.name: workload.most for workload in WORKLOADS}),
        **figures(together.run(options), {together.RATIO: together.MOST}),
    }


def figures(rows, bounds):
    """By `ROW | COLUMN`; a bound stands beside its value."""
    found = {}
    for name, row in rows.items():
        for column, value in row.items():
            found[f"{name} | {column}"] = value
            if column in bounds.get(name, ()):
                found[f"{name} | {column}, at most"] = bounds[name][column]
    return found


def lines(found):
    """Medians in a table for the simulations and one for the requests, each bound beside its value."""
    names = [workload.name for workload in WORKLOADS]
    yield from grid(found, names, COLUMNS)
    yield "  of optimum, of fixed: checks, at the same mean lag. of its p95: lag of a fixed interval that checks as often; its bound is 1,"
    yield "  and 0.02 for chance. ! is beyond its bound"
    yield ""
    yield from grid(found, (together.SINGLE, together.TOGETHER, together.RATIO), BATCH_COLUMNS)


def grid(found, rows, columns):
    widths = [max(16, len(column) + 2) for column in columns]
    yield f"  {'':<34}" + "".join(f"{column:>{width}}" for column, width in zip(columns, widths))
    for row in rows:
        cells = [cell(found, f"{row} | {column}") if f"{row} | {column}" in found else "" for column in columns]
        yield (f"  {row:<34}" + "".join(f"{text:>{width}}" for text, width in zip(cells, widths))).rstrip()


def cell(found, name):
    value, most = (figure and figure["median"] for figure in (found[name], found.get(f"{name}, at most")))
    if value is None or most is None:
        return report.number(value)
    return f"{value:.3g} ≤ {most:.3g}" if value <= most else f"! {value:.3g} > {most:.3g}"
