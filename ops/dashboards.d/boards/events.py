"""Whether those outside learn what happens: receivers of webhooks, readers of events, histories beside the objects, traces."""

from dashboard import dashboard
from panels import GREEN, RED, graph, number, states
from promql import quantile, rate

# Seconds from which an age is worth a look.
OLD = 300

NOW = [
    number(
        "Webhooks that wait",
        "Messages that no receiver has accepted yet. Those that failed are sent again, in ten attempts over 75 hours. `longhaul doctor` "
        "says more.",
        "short",
        ("max(longhaul_webhooks_waiting)", "messages"),
    ),
    number(
        "Oldest webhook",
        "How long ago the job of the oldest waiting message ended. An hour means that a receiver does not accept its messages: the logs "
        "of the orchestrators name it.",
        "s",
        ("max(longhaul_webhook_oldest_seconds)", "age"),
        limits=(OLD, 3600),
    ),
    number(
        "Dead webhooks",
        "Messages that were given up. When the receiver works again: `longhaul dead-letters redrive --queue webhooks`.",
        "short",
        ('max(longhaul_queue_messages{queue="longhaul.webhooks.dead"})', "letters"),
        limits=(1, 100),
    ),
    number(
        "Oldest event",
        "How long the oldest event has waited to be published; a second is normal. If it grows, the broker is away, or a bound queue is "
        "full and refuses: see the runbook of events that wait.",
        "s",
        ("max(longhaul_events_oldest_seconds)", "age"),
        limits=(60, OLD),
    ),
    number(
        "Oldest entry of the trail",
        "How long the oldest entry has waited for a worker; lines wait for up to a minute by design. If it grows, no worker runs, or the "
        "object storage refuses.",
        "s",
        ("max(longhaul_trail_oldest_seconds)", "age"),
        limits=(OLD, 1800),
    ),
    number(
        "Lost",
        "Events that were dropped and lines of histories that were lost in the window, because their place in Redis was full. Jobs are "
        "not concerned.",
        "short",
        ("max(increase(longhaul_events_dropped_total[$window]))", "events"),
        ("max(increase(longhaul_trail_lines_lost_total[$window]))", "lines"),
        limits=(None, 1),
    ),
]

WEBHOOKS = [
    graph(
        "Webhooks by outcome",
        "Messages a second. Failed ones are sent again. Dead ones are given up and are in `longhaul.webhooks.dead`. Postponed ones had no "
        "room, because a receiver is slow. Stale ones were sent twice.",
        "cps",
        (rate("longhaul_webhooks_total", by="outcome"), "{{outcome}}"),
    ),
    graph(
        "Attempts by answer",
        "Requests to receivers a second, by the class of the status, or the kind of the failure. 4xx: the receiver refuses, so look at "
        "its signature check. 5xx and errors: it is down.",
        "reqps",
        (rate("longhaul_webhook_attempts_total", by="result"), "{{result}}"),
        stacked=True,
    ),
    graph(
        "Time per attempt",
        "Until the answer or the failure: half and 95 % of the attempts. An attempt ends after 15 s. A receiver should answer first, and "
        "work then.",
        "s",
        (quantile(0.5, "longhaul_webhook_attempt_seconds", window="$__rate_interval"), "half"),
        (quantile(0.95, "longhaul_webhook_attempt_seconds", window="$__rate_interval"), "95 %"),
    ),
    graph(
        "Webhooks that wait",
        "Messages that are not delivered yet. One takes about 0.7 KB of Redis. If it grows for hours, a receiver accepts nothing.",
        "short",
        ("max(longhaul_webhooks_waiting)", "messages"),
    ),
    states(
        "Endpoints of providers",
        "An endpoint that has answered 410 is disabled: further ends of jobs are only counted. `longhaul provider resume NAME` enables it.",
        "max by (provider) (longhaul_webhook_endpoint_disabled)",
        "{{provider}}",
        {0: ("enabled", GREEN), 1: ("disabled", RED)},
        width=8,
    ),
    graph(
        "Ends that were not told",
        "Ends of jobs since an endpoint was disabled. They make no message and are not told later.",
        "short",
        ("max by (provider) (longhaul_webhooks_skipped)", "{{provider}}"),
    ),
]

EVENTS = [
    graph(
        "Events",
        "Events a second: published to `longhaul.events`, or unwanted, because no queue is bound for them. Dropped ones are lost: their "
        "outbox was full.",
        "cps",
        (rate("longhaul_events_published_total"), "published"),
        (rate("longhaul_events_unwanted_total"), "unwanted"),
        ("max(rate(longhaul_events_dropped_total[$__rate_interval]))", "dropped"),
    ),
    graph(
        "Entries that wait",
        "Entries of all outboxes; each of the 16 partitions keeps 5,000 and then drops the oldest. Normally a few.",
        "short",
        ("max(longhaul_events_waiting)", "entries"),
    ),
    graph(
        "Age of the oldest",
        "How long the oldest entry has waited. If it grows steadily, nothing is published: look at RabbitMQ in Dependencies, and at queues "
        "that are bound to `longhaul.events`.",
        "s",
        ("max(longhaul_events_oldest_seconds)", "age"),
    ),
]

TRAIL = [
    graph(
        "Histories and entries stored",
        "Histories of ended jobs, one for each, and entries with lines of jobs that wait long, a second. If jobs end and no history is "
        "stored, no worker runs.",
        "cps",
        (rate("longhaul_trail_histories_total"), "histories"),
        (rate("longhaul_trail_entries_total"), "entries"),
    ),
    graph(
        "Failures and losses",
        "Attempts to store them that failed, a second; others follow. Lines are lost only when the trail is full.",
        "cps",
        (rate("longhaul_trail_failures_total", by="of"), "{{of}} failed"),
        ("max(rate(longhaul_trail_lines_lost_total[$__rate_interval]))", "lines lost"),
    ),
    graph(
        "Entries that wait",
        "Entries of the trail that no worker has stored. Each of the 16 partitions keeps 10,000; then lines of histories are lost.",
        "short",
        ("max(longhaul_trail_waiting)", "entries"),
        width=4,
    ),
    graph(
        "Age of the oldest",
        "How long the oldest entry has waited. A minute is normal, some minutes while workers are busy with files.",
        "s",
        ("max(longhaul_trail_oldest_seconds)", "age"),
        width=4,
    ),
]

TRACES = [
    graph(
        "Spans by outcome",
        "Spans a second. Dropped: the queue of a process was full, so raise OTEL_BSP_MAX_QUEUE_SIZE or sample less. Failed: the collector "
        "was away or refused them. Without an endpoint there are none.",
        "cps",
        (rate("longhaul_spans_total", by="outcome"), "{{outcome}}"),
        width=12,
    ),
    graph(
        "Failed exports",
        "Attempts to send spans that failed, a second, by HTTP status or error. Nothing in Longhaul waits for the collector.",
        "cps",
        (rate("longhaul_span_exports_failed_total", by="reason"), "{{reason}}"),
        width=12,
    ),
]

BOARD = dashboard(
    "events",
    "Events and history",
    "Whether those outside learn what happens: receivers of webhooks, readers of events, histories beside the objects, traces.",
    [("Now", NOW), ("Webhooks", WEBHOOKS), ("Events", EVENTS), ("The trail", TRAIL), ("Traces", TRACES)],
    providers=False,
)
