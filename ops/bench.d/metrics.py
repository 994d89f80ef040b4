"""Reads the program's metrics page."""

import re

LATENESS = "longhaul_timer_lateness_seconds"


def scrape(stack, names):
    """The sums of the samples of these processes, by name with labels."""
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
    """The sum of a counter's series that have these labels."""
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return int(
        sum(value for sample, value in samples.items() if sample.partition("{")[0] == family and all(label in sample for label in wanted))
    )


def bound(samples, share, family=LATENESS):
    """The upper bound in milliseconds of the histogram bucket that contains the quantile. `None` beyond the last bucket."""
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
