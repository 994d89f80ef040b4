"""Whether RabbitMQ, Redis and the object storage keep up, as Longhaul sees them and as RabbitMQ tells it."""

from dashboard import dashboard
from panels import GREEN, RED, graph, number, states
from promql import ROLE, quantile, rate, share

REQUESTS, SECONDS = "http_client_requests_total", "http_client_request_duration_seconds"
STORAGE, SUCCEEDED = 'client="storage"', 'outcome=~"[23]xx"'
BROKER, DETAILED = "rabbitmq", "rabbitmq_detailed_queue"
OURS = 'queue=~"longhaul[.].*"'

NOW = [
    number(
        "Reconnects to RabbitMQ",
        "Connections that were established again after a lost one, in the window. Some after a restart of the broker are normal; a "
        "steady number means a bad network, or a broker that closes connections.",
        "short",
        ("sum(increase(longhaul_rabbitmq_reconnects_total[$window])) or vector(0)", "reconnects"),
        limits=(1, 20),
    ),
    number(
        "Alarms of RabbitMQ",
        "Active alarms for memory, disk or file descriptors. During one, the broker accepts no messages and Longhaul claims nothing: "
        "free what is short.",
        "short",
        ('sum({__name__=~"rabbitmq_alarms_.+"})', "alarms"),
        limits=(None, 1),
    ),
    number(
        "Reconnects to Redis",
        "Connections that were established again after a lost one, in the window. No job is lost: decisions are repeated. The log of "
        "Redis says more.",
        "short",
        ("sum(increase(longhaul_redis_reconnects_total[$window]))", "reconnects"),
        limits=(1, 20),
    ),
    number(
        "Memory of Redis in use",
        "The share of `maxmemory`; 0 if there is none. At 100 % Redis refuses writes and jobs stop: shorten LONGHAUL_KEEP, or give Redis "
        "more memory.",
        "percentunit",
        (
            'max(longhaul_redis_memory_bytes{kind="used"}) / (max(longhaul_redis_memory_bytes{kind="max"}) > 0) or vector(0)',
            "used",
        ),
        limits=(0.7, 0.9),
    ),
    number(
        "Wrong settings of Redis",
        "Settings that could lose jobs, such as `appendfsync` or `maxmemory-policy`. `longhaul doctor` names them with the right values.",
        "short",
        ("count(max by (setting) (longhaul_redis_setting_ok) == 0) or vector(0)", "settings"),
        limits=(None, 1),
    ),
    number(
        "Failed requests to S3",
        "The share of the requests in the window that failed. Transfers are repeated, without counting an attempt. 4xx mean credentials, "
        "permissions or the bucket.",
        "percentunit",
        (f"1 - {share(REQUESTS, SUCCEEDED, STORAGE)}", "failed"),
        limits=(0.01, 0.1),
    ),
]

RABBITMQ = [
    graph(
        "Messages published",
        "Messages a second that Longhaul sent and that the broker confirmed. The lines lie on each other; a gap means that the broker is "
        "slow.",
        "cps",
        (rate("longhaul_rabbitmq_published_total"), "published"),
        (rate("longhaul_rabbitmq_confirmed_total"), "confirmed"),
    ),
    graph(
        "Messages received",
        "Deliveries a second, and how they were settled. More deliveries than acknowledgements for long mean that work piles up in the "
        "processes.",
        "cps",
        (rate("longhaul_rabbitmq_delivered_total"), "delivered"),
        (rate("longhaul_rabbitmq_acknowledged_total"), "acknowledged"),
        (rate("longhaul_rabbitmq_rejected_total"), "rejected"),
    ),
    graph(
        "Messages refused, connections lost",
        "Refused: a queue is full or has an alarm. Returned: a queue does not exist, run `longhaul setup`. Too late: settled after the "
        "channel was closed; the message comes again.",
        "cps",
        (rate("longhaul_rabbitmq_nacked_total"), "refused"),
        (rate("longhaul_rabbitmq_returned_total"), "returned"),
        (rate("longhaul_rabbitmq_stale_settlements_total"), "settled too late"),
        (rate("longhaul_rabbitmq_reconnects_total") + " or vector(0)", "reconnects"),
    ),
    graph(
        "Messages that wait",
        "By queue, as an orchestrator reads it. `longhaul.checks` is normally almost empty. Jobs that wait need more orchestrators, "
        "downloads more workers.",
        "short",
        ("max by (queue) (longhaul_queue_messages)", "{{queue}}"),
    ),
    graph(
        "Time in the queue, 95 %",
        "How long 95 % of the messages were in their queue until they were taken; whole seconds. `longhaul.checks` should stay below 2 s. "
        "Jobs that wait need more orchestrators, downloads more workers. Messages without a timestamp are not counted.",
        "s",
        (quantile(0.95, "longhaul_message_wait_seconds", by="queue", window="$__rate_interval"), "{{queue}}"),
    ),
    graph(
        "Consumers",
        "By queue. A work queue without consumers is not served: start its orchestrators or workers. Queues of dead letters have none.",
        "short",
        ('max by (queue) (longhaul_queue_consumers{queue!~".*dead"})', "{{queue}}"),
    ),
]

NODES = [
    graph(
        "Memory",
        "What the broker uses, and from where on it accepts no messages. Raise `vm_memory_high_watermark` or empty the queues before the "
        "lines meet.",
        "bytes",
        (f"{BROKER}_process_resident_memory_bytes", "{{instance}}, used"),
        (f"{BROKER}_resident_memory_limit_bytes", "{{instance}}, limit"),
        width=6,
    ),
    graph(
        "Free disk space",
        "Below the limit the broker accepts no messages. Add space, or find the queue that grows.",
        "bytes",
        (f"{BROKER}_disk_space_available_bytes", "{{instance}}, free"),
        (f"{BROKER}_disk_space_available_limit_bytes", "{{instance}}, limit"),
        width=6,
    ),
    graph(
        "Connections and channels",
        "Both are constant while processes run. Numbers that grow without new processes are a leak in some client.",
        "short",
        (f"{BROKER}_connections", "{{instance}}, connections"),
        (f"{BROKER}_channels", "{{instance}}, channels"),
        width=6,
    ),
    graph(
        "Messages without acknowledgement",
        "Delivered and not settled yet, by queue. A level that never falls means consumers that stand still.",
        "short",
        (f"{DETAILED}_messages_unacked{{{OURS}}}", "{{queue}}"),
        width=6,
    ),
]

REDIS = [
    graph(
        "Commands",
        "Commands a second that Longhaul sends; what scripts call counts as one. Redis has one core for them: when that is full, timers "
        "fire late.",
        "cps",
        (f"sum by (role) (rate(longhaul_redis_commands_total[$__rate_interval]) {ROLE})", "{{role}}"),
    ),
    graph(
        "Memory",
        "What Redis uses, and `maxmemory`. Jobs that have ended use most of it: shorten LONGHAUL_KEEP. A rewrite of the append-only file "
        "needs memory beside it.",
        "bytes",
        ("max by (kind) (longhaul_redis_memory_bytes)", "{{kind}}"),
    ),
    states(
        "Settings",
        "Whether the settings of Redis keep jobs safe. Correct a wrong one in `redis.conf`; `longhaul doctor` has the right value.",
        "max by (setting) (longhaul_redis_setting_ok)",
        "{{setting}}",
        {0: ("wrong", RED), 1: ("right", GREEN)},
        width=8,
    ),
]

S3 = [
    graph(
        "Requests by outcome",
        "Requests to the object storage a second, by the class of the status, or the error. 5xx and errors are repeated by themselves; "
        "4xx need you.",
        "reqps",
        (rate(REQUESTS, STORAGE, "outcome"), "{{outcome}}"),
        stacked=True,
    ),
    graph(
        "Latency",
        "From the call to the end of the body, uploads included: half and 95 % of the requests. It grows with the size of the files.",
        "s",
        (quantile(0.5, SECONDS, STORAGE, window="$__rate_interval"), "half"),
        (quantile(0.95, SECONDS, STORAGE, window="$__rate_interval"), "95 %"),
    ),
    graph(
        "Requests in progress",
        "Requests that hold a connection or wait for one. If many wait, the storage is slow: more workers do not help.",
        "short",
        (f"sum(http_client_in_flight{{{STORAGE}}})", "in progress"),
        (f"sum(http_client_queued{{{STORAGE}}})", "waiting for a connection"),
    ),
]

BOARD = dashboard(
    "dependencies",
    "Dependencies",
    "Whether RabbitMQ, Redis and the object storage keep up, as Longhaul sees them and as RabbitMQ tells it.",
    [
        ("Now", NOW),
        ("RabbitMQ, as Longhaul sees it", RABBITMQ),
        ("RabbitMQ's own metrics", NODES),
        ("Redis", REDIS),
        ("Object storage", S3),
    ],
    providers=False,
)
