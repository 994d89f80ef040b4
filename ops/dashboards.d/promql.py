"""The expressions that most panels use, and the names of the metrics in an expression."""

import re

PROVIDER = 'provider=~"$provider"'
# Behind a metric of processes: only Longhaul's own, with the label `role`, whatever the jobs of Prometheus are called.
ROLE = "* on (job, instance) group_left (role) longhaul_build_info"
# Words of PromQL that are not metrics. Functions are recognised by their parenthesis.
WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}
GROUPING = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)"


def rate(metric, labels="", by=""):
    """Events a second, for the shortest time that Prometheus can tell."""
    return f"sum{grouped(by)}(rate({selected(metric, labels)}[$__rate_interval]))"


def grouped(by):
    return f" by ({by}) " if by else ""


def selected(metric, labels):
    return f"{metric}{{{labels}}}" if labels else metric


def over(metric, labels="", by=""):
    """Events a second, over the time that the variable `window` sets."""
    return rate(metric, labels, by).replace("$__rate_interval", "$window")


def mean(histogram, labels="", by=""):
    """The average value of a histogram's events."""
    return f"{over(histogram + '_sum', labels, by)} / {over(histogram + '_count', labels, by)}"


def share(metric, part, whole="", by=""):
    """The share of a counter's events that also have the labels `part`."""
    both = f"{whole}, {part}" if whole else part
    return f"{over(metric, both, by)} / {over(metric, whole, by)}"


def quantile(value, histogram, labels="", by="", window="$window"):
    """A quantile of a histogram's events."""
    groups = f"{by}, le" if by else "le"
    return f"histogram_quantile({value}, sum by ({groups}) (rate({selected(histogram + '_bucket', labels)}[{window}])))"


def names(expression):
    """The metrics that an expression reads."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(GROUPING, " ", bare)
    found = re.findall(r"\b([a-zA-Z_:][\w:]*)\b(?!\s*\()", bare)
    return {name for name in found if name.lower() not in WORDS and name not in ("by", "without")}
