"""Whether files are downloaded and stored as fast as exports become ready."""

from dashboard import dashboard
from panels import graph, heat, number
from promql import PROVIDER, quantile, rate

ATTEMPTS, SECONDS, BYTES = "longhaul_transfers_total", "longhaul_transfer_seconds", "longhaul_transfer_bytes_total"
QUEUES = 'queue=~"longhaul[.]downloads[.](high|normal|low)"'

NOW = [
    number(
        "Workers in use",
        "The share of all transfer places that are taken. Near 100 % for long, files wait: add workers, or raise LONGHAUL_TRANSFERS if "
        "their CPU is idle.",
        "percentunit",
        ("sum(longhaul_transfers_active) / sum(longhaul_transfers_limit)", "in use"),
        limits=(0.8, 0.95),
    ),
    number(
        "Received",
        "Bytes a second from the providers, of all workers. A worker moves about 100 MB/s a core: if it is full, add workers.",
        "Bps",
        (rate(BYTES, 'direction="received"'), "received"),
    ),
    number(
        "Files stored",
        "Files a second that reached the object storage.",
        "cps",
        (rate(ATTEMPTS, 'outcome="stored"'), "files"),
    ),
    number(
        "Files in the queues",
        "Download messages that wait for a worker, of all priorities. A few hundred for long mean that workers are the limit.",
        "short",
        (f"sum(max by (queue) (longhaul_queue_messages{{{QUEUES}}}))", "messages"),
    ),
    number(
        "Jobs in the line",
        "Jobs whose further files wait for their turn, so that small jobs can pass. If this stays up, add workers.",
        "short",
        ("sum(max by (priority) (longhaul_download_line_jobs))", "jobs"),
    ),
    number(
        "Dead letters",
        "Files that were given up. `longhaul dead-letters list` shows them with their reasons.",
        "short",
        ('sum(max by (queue) (longhaul_queue_messages{queue="longhaul.downloads.dead"}))', "letters"),
        limits=(1, 100),
    ),
]

THROUGHPUT = [
    graph(
        "Bytes",
        "Bytes a second that were received, and that were stored under their final names. Stored is more if files are unpacked. Received "
        "without stored means that transfers fail: see *Failed attempts by code*.",
        "Bps",
        (rate(BYTES, by="direction"), "{{direction}}"),
    ),
    graph(
        "Attempts by outcome",
        "Attempts at files that ended, a second. Retried and failed have their causes in *Failed attempts by code*. Lease-lost: the job "
        "ended, or the worker stood still. Unrecorded: Redis was away.",
        "cps",
        (rate(ATTEMPTS, by="outcome"), "{{outcome}}"),
        stacked=True,
    ),
    graph(
        "Places taken",
        "Transfers in progress, and how many may be. If the lines meet for long, files wait: add workers.",
        "short",
        ("sum(longhaul_transfers_active)", "in progress"),
        ("sum(longhaul_transfers_limit)", "limit"),
    ),
    heat(
        "Distribution of the time per file",
        "From the claim of a file until its outcome is stored. A band of long transfers next to short ones is a slow host or large files.",
        "s",
        f"sum by (le) (increase({SECONDS}_bucket[$__rate_interval]))",
    ),
    graph(
        "Time per file",
        "From the claim of a file until its outcome is stored: half and 95 % of the attempts. If it rises at the same size of files, "
        "look at the provider's network and at S3 in Dependencies.",
        "s",
        (quantile(0.5, SECONDS, window="$__rate_interval"), "half"),
        (quantile(0.95, SECONDS, window="$__rate_interval"), "95 %"),
        width=12,
    ),
]

WAITING = [
    graph(
        "Files in the queues",
        "Download messages that wait for a worker, by priority. They are bounded; what is more waits in the line.",
        "short",
        (f"max by (queue) (longhaul_queue_messages{{{QUEUES}}})", "{{queue}}"),
    ),
    graph(
        "Jobs in the line",
        "Jobs whose further files wait for their turn, by priority. If it stays up while the queues hold a few hundred messages, add "
        "workers.",
        "short",
        ("max by (priority) (longhaul_download_line_jobs)", "{{priority}}"),
    ),
    graph(
        "Time in PROCESSING, 90 %",
        "Nine of ten jobs needed less than this from the list of their files to the manifest.",
        "s",
        (quantile(0.9, "longhaul_job_phase_seconds", f'{PROVIDER}, phase="transferring"', "provider"), "{{provider}}"),
    ),
]

RETRIES = [
    graph(
        "Failed attempts by code",
        "Attempts at files that failed and are repeated, in the window, the ten most frequent causes. Checksum and size mismatches are "
        "the provider's; codes of the storage are yours.",
        "short",
        ("topk(10, sum by (code) (increase(longhaul_files_retried_total[$window])))", "{{code}}"),
    ),
    graph(
        "Links refreshed and leases of files",
        "Links that had expired and were listed again: many of them mean that files wait longer than links live. Leases that expired: a "
        "worker died or stood still. Leases that were extended: long transfers.",
        "cps",
        (rate("longhaul_file_links_refreshed_total"), "links refreshed"),
        (rate("longhaul_leases_expired_total", 'of="file"'), "leases expired"),
        (rate("longhaul_leases_extended_total", 'of="file"'), "leases extended"),
    ),
    graph(
        "Download messages by reason",
        "Messages for workers, a second. Due again follows a failed attempt. Orphaned ones replace messages that were lost with a worker "
        "or a broker.",
        "cps",
        (rate("longhaul_downloads_published_total", by="why"), "{{why}}"),
    ),
    graph(
        "Manifests",
        "Manifests a second: the last step of a job. Failed ones are repeated; if they go on, the object storage refuses them.",
        "cps",
        (rate("longhaul_manifests_total", by="outcome"), "{{outcome}}"),
        width=12,
    ),
    graph(
        "Dead letters",
        "Jobs and files that were given up, a second. `longhaul dead-letters list` shows them with their reasons.",
        "cps",
        (rate("longhaul_dead_letters_total", by="queue"), "{{queue}}"),
        width=12,
    ),
]

BOARD = dashboard(
    "transfers",
    "Transfers",
    "Whether files are downloaded and stored as fast as exports become ready.",
    [("Now", NOW), ("Throughput", THROUGHPUT), ("Waiting", WAITING), ("Retries", RETRIES)],
)
