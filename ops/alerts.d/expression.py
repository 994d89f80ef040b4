"""What a PromQL expression names. It is not a parser: promtool has checked the syntax."""

import re

STRING = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
# Label lists of aggregations and matching.
LISTS = r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)"
KEYWORDS = {"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "by", "without", "on", "ignoring", "group_left", "group_right"}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"


def metrics(expression):
    """The metrics of an expression, each with the labels that its selectors name."""
    found = {}
    text = re.sub(LISTS, " ", re.sub(STRING, '""', expression))
    # Durations such as 5m stay out: a name does not begin with a digit, and no name touches one.
    for name, labels, follows in re.findall(rf"(?<![\w:])({NAME})\s*(?:\{{([^}}]*)\}})?\s*(\(?)", text):
        if not follows and name.lower() not in KEYWORDS:
            found.setdefault(name, set()).update(re.findall(rf"({NAME})\s*(?:=~|!~|!=|=)", labels))
    return found
