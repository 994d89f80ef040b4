"""The program's own metrics page."""

import re

LATENESS = "longhaul_timer_lateness_seconds"


def scrape(stack, names):
    """The samples of these processes added up, by name with labels."""
    total = {}
    for name in names:
        for line in stack.page(stack.ports[name], "metrics").splitlines():
            if line and not line.startswith("#"):
                sample, value = line.rsplit(" ", 1)
                total[sample] = total.get(sample, 0) + float(value)
    return total


def difference(before, after):
    return {sample: value - before.get(sample, 0) for sample, value in after.items()}


def total(samples, family, **labels):
    """Of the series of a counter that have these labels."""
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return int(
        sum(value for sample, value in samples.items() if sample.partition("{")[0] == family and all(label in sample for label in wanted))
    )


def bound(samples, share, family=LATENESS):
    """The bound of the histogram's bucket that holds the quantile, in milliseconds: the truth is at most that. `None` beyond the last."""
    buckets = {}
    for sample, value in samples.items():
        found = re.fullmatch(rf'{family}_bucket{{.*le="([^"]+)".*}}', sample)
        if found:
            buckets[float(found.group(1).replace("+Inf", "inf"))] = value
    most = buckets.get(float("inf"), 0)
    for limit in sorted(buckets):
        if most and buckets[limit] >= share * most and limit < float("inf"):
            return limit * 1000
    return None
