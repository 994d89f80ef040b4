"""Whether exports are delivered, how fast, and whether the processes are well."""

from dashboard import dashboard
from panels import graph, heat, number
from promql import PROVIDER, ROLE, mean, quantile, rate, share

ENDED = f'{PROVIDER}, to=~"COMPLETED|FAILED"'

QUESTIONS = [
    graph(
        "Jobs by status",
        "Jobs in the store. Those that have ended count for as long as they are kept. If PENDING grows, look at limits and breakers in "
        "Providers; if PROCESSING grows, look at Transfers.",
        "short",
        (f"sum by (status) (max by (provider, status) (longhaul_jobs{{{PROVIDER}}}))", "{{status}}"),
        width=12,
        stacked=True,
    ),
    graph(
        "Average polling duration",
        "How long exports that became ready in the window took at the provider, with the time until the check that noticed it. If it "
        "rises, the provider is slower, or checks come late: see Polling efficiency.",
        "s",
        (mean("longhaul_job_phase_seconds", f'{PROVIDER}, phase="polling"', "provider"), "{{provider}}"),
        width=12,
    ),
    graph(
        "Success and failure rates",
        "Shares of the jobs that ended in the window. If the failed share rises, *Failures by code* says why, and `longhaul job ID` "
        "shows a job.",
        "percentunit",
        (share("longhaul_transitions_total", 'to="COMPLETED"', ENDED), "completed"),
        (share("longhaul_transitions_total", 'to="FAILED"', ENDED), "failed"),
        width=12,
        most=1,
    ),
    heat(
        "Distribution of processing time",
        "How long jobs took from their admission to their end. A second band that appears above the usual one is a group of jobs that "
        "waits: *Time by phase* says where.",
        "s",
        f'sum by (le) (increase(longhaul_job_phase_seconds_bucket{{{PROVIDER}, phase="whole"}}[$__rate_interval]))',
    ),
]

NOW = [
    number(
        "Oldest overdue timer",
        "How late the most overdue check or retry is. Seconds are normal under load. Minutes mean that no orchestrator claims timers: "
        "look at `/readyz` of the orchestrators.",
        "s",
        ("max(longhaul_oldest_overdue_timer_seconds)", "overdue"),
        limits=(30, 120),
    ),
    number(
        "Dead letters",
        "Messages that were given up. `longhaul dead-letters list` shows them with their reasons; redrive or discard them.",
        "short",
        ('sum(max by (queue) (longhaul_queue_messages{queue=~".*dead"}))', "letters"),
        limits=(1, 100),
    ),
    number(
        "Providers that are not asked",
        "Providers whose breaker is open, or that a process holds because they refuse every request. Their jobs wait. `longhaul provider "
        "list` says why.",
        "short",
        (f"count(max by (provider) (longhaul_breaker_state{{{PROVIDER}}}) == 2) or vector(0)", "breaker open"),
        (f"count(max by (provider) (longhaul_provider_held{{{PROVIDER}}}) == 1) or vector(0)", "held"),
        limits=(1, 2),
    ),
    number(
        "Processes",
        "Processes that Prometheus scrapes. If one is missing, it has ended or cannot be reached.",
        "short",
        ("count by (role) (longhaul_build_info)", "{{role}}"),
    ),
    number(
        "Workers in use",
        "The share of all transfer places that are taken. Near 100 % for long, files wait: add workers, or raise LONGHAUL_TRANSFERS if "
        "their CPU is idle.",
        "percentunit",
        ("sum(longhaul_transfers_active) / sum(longhaul_transfers_limit)", "in use"),
        limits=(0.8, 0.95),
    ),
    number(
        "Longest in a status",
        "The job that has had its status for longest. Hours in READY or PROCESSING are unusual: `longhaul jobs --status processing` "
        "finds it. Jobs that are polled are not counted here.",
        "s",
        ("max by (status) (longhaul_longest_in_status_seconds)", "{{status}}"),
    ),
]

FLOW = [
    graph(
        "Changes of status",
        "Jobs that reach each status, a second. PENDING is the intake, COMPLETED and FAILED the output. Over hours they are equal.",
        "cps",
        (rate("longhaul_transitions_total", PROVIDER, "to"), "{{to}}"),
    ),
    graph(
        "Failures by code",
        "Jobs that failed in the window, the ten most frequent causes. Once the cause is gone, `longhaul retry --error-code CODE` "
        "retries all jobs of a code.",
        "short",
        (f"topk(10, sum by (provider, code) (increase(longhaul_jobs_failed_total{{{PROVIDER}}}[$window])))", "{{provider}} {{code}}"),
    ),
    graph(
        "Time by phase, 90 %",
        "Nine of ten jobs spent less than this in a phase. Waiting: limits or breakers. Polling: the provider. Listing: the provider, or "
        "too few orchestrators. Transferring: too few workers.",
        "s",
        (quantile(0.9, "longhaul_job_phase_seconds", PROVIDER, "phase"), "{{phase}}"),
    ),
]

PROCESSES = [
    graph(
        "CPU",
        "Cores that each process uses. An orchestrator is full at about two cores: add another. If Redis is full first, more of them do "
        "not help.",
        "none",
        (f"rate(process_cpu_seconds_total[$__rate_interval]) {ROLE}", "{{role}} {{instance}}"),
    ),
    graph(
        "Resident memory",
        "A worker needs up to 24 MiB for each transfer. Memory that only grows over days is a defect worth reporting.",
        "bytes",
        (f"process_resident_memory_bytes {ROLE}", "{{role}} {{instance}}"),
    ),
    graph(
        "Event loop lag, 99 %",
        "How late an event thread runs what is due. All connections of a process wait for it. Above 100 ms, the machine or the process "
        "is overloaded.",
        "s",
        (quantile(0.99, "longhaul_event_loop_lag_seconds", by="thread", window="$__rate_interval"), "{{thread}}"),
    ),
    graph(
        "Work taken over",
        "Leases that ran out, because a process died or stood still, and changes that were refused, because another process had made one "
        "meanwhile. Both are safe. Many of them mean that processes are too slow for LONGHAUL_LEASE.",
        "cps",
        (rate("longhaul_leases_expired_total", by="of"), "lease of a {{of}} expired"),
        (rate("longhaul_stale_changes_total", by="of"), "change of a {{of}} refused"),
    ),
    graph(
        "File descriptors in use",
        "The share of the limit. Near 100 %, connections fail: raise the limit of open files.",
        "percentunit",
        (f"process_open_fds / process_max_fds {ROLE}", "{{role}} {{instance}}"),
    ),
    graph(
        "Metrics that could not be read",
        "Scrapes in which a part of the metrics failed or was late. The gauges of jobs and queues then have gaps: look at Redis and "
        "RabbitMQ.",
        "cps",
        ("sum by (collector) (rate(telemetry_collector_failures_total[$__rate_interval])) or vector(0)", "{{collector}}"),
    ),
]

BOARD = dashboard(
    "overview",
    "Overview",
    "Whether exports are delivered, how fast, and whether the processes are well.",
    [("The four main questions", QUESTIONS), ("Now", NOW), ("Flow", FLOW), ("Processes", PROCESSES)],
)
