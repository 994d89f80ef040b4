"""Whether the providers' APIs answer, how fast, with which errors, and what holds requests back."""

from dashboard import dashboard
from panels import GREEN, RED, YELLOW, graph, number, states
from promql import PROVIDER, quantile, rate, share

REQUESTS, SECONDS = "longhaul_provider_requests_total", "longhaul_provider_request_seconds"
OK = 'outcome="ok"'
# Of downloads, how long they took is in Transfers.
API = f'{PROVIDER}, operation!="download"'

HEALTH = [
    states(
        "Circuit breaker",
        "While it is open, no request is sent to the provider and its jobs wait. Half-open, single requests try it. It closes by itself; "
        "once the cause is gone, `longhaul provider resume NAME` closes it at once.",
        f"max by (provider) (longhaul_breaker_state{{{PROVIDER}}})",
        "{{provider}}",
        {0: ("closed", GREEN), 1: ("half-open", YELLOW), 2: ("open", RED)},
    ),
    states(
        "Held",
        "A provider is held while it refuses every request, or a secret is missing; the code says which. Correct the cause, then run "
        "`longhaul provider resume NAME`. The panel is empty if no provider was held since the processes started.",
        f"max by (provider, reason) (longhaul_provider_held{{{PROVIDER}}})",
        "{{provider}} {{reason}}",
        {0: ("free", GREEN), 1: ("held", RED)},
    ),
    graph(
        "Breaker changes",
        "How often breakers changed in the window. A breaker that keeps opening and closing belongs to a provider at its limit: lower "
        "`limits` in its file.",
        "short",
        (f"sum by (provider, to) (increase(longhaul_breaker_changes_total{{{PROVIDER}}}[$window]))", "{{provider}}: {{to}}"),
        width=12,
    ),
    number(
        "Failed requests",
        "The share of the requests in the window that failed; throttled ones count. *Errors by code* has the causes.",
        "percentunit",
        (f"1 - {share(REQUESTS, OK, PROVIDER)}", "failed"),
        limits=(0.05, 0.2),
        width=6,
    ),
    number(
        "Broken provider files",
        "Files with mistakes in their present version; the version before stays in use. `longhaul provider check` lists the mistakes.",
        "short",
        ("max(longhaul_provider_files_broken)", "files"),
        limits=(1, 2),
        width=6,
    ),
]

REQUESTS_SENT = [
    graph(
        "Requests by provider",
        "Requests a second. A provider that falls to zero while it has jobs is held, paused, or has an open breaker.",
        "reqps",
        (rate(REQUESTS, PROVIDER, "provider"), "{{provider}}"),
        stacked=True,
    ),
    graph(
        "Requests by operation",
        "Requests a second: creates, checks, lists of files, cancellations and downloads. Checks are normally most of them.",
        "reqps",
        (rate(REQUESTS, PROVIDER, "operation"), "{{operation}}"),
        stacked=True,
    ),
    graph(
        "Requests by outcome",
        "Requests a second: ok, or the class of the failure. Throttled and not-yet are waits that count no attempt; the others use up "
        "attempts.",
        "reqps",
        (rate(REQUESTS, PROVIDER, "outcome"), "{{outcome}}"),
        stacked=True,
    ),
    graph(
        "Failed requests by provider",
        "The share of the requests in the window that failed. At half of the requests in a minute, the default breaker opens.",
        "percentunit",
        (f"1 - {share(REQUESTS, OK, PROVIDER, 'provider')}", "{{provider}}"),
        most=1,
    ),
    graph(
        "Errors by code",
        "Failed requests a second, the ten most frequent. `longhaul job ID` shows what the provider answered. 401 and 403 mean "
        "credentials; timeouts and 5xx are the provider's.",
        "reqps",
        (
            f"topk(10, sum by (provider, operation, code) (rate(longhaul_provider_failures_total{{{PROVIDER}}}[$__rate_interval])))",
            "{{provider}} {{operation}} {{code}}",
        ),
        width=16,
    ),
]

LATENCY = [
    graph(
        "Latency by provider",
        "How long requests to a provider's API took: half and 95 % of them. If it rises, so does the time until exports are found ready.",
        "s",
        (quantile(0.5, SECONDS, PROVIDER, "provider", "$__rate_interval"), "{{provider}}, half"),
        (quantile(0.95, SECONDS, PROVIDER, "provider", "$__rate_interval"), "{{provider}}, 95 %"),
    ),
    graph(
        "Latency by operation, 95 %",
        "Creations are slow at many providers. Slow checks hold up other work: see *Requests in progress*.",
        "s",
        (quantile(0.95, SECONDS, API, "operation", "$__rate_interval"), "{{operation}}"),
    ),
    graph(
        "Requests in progress",
        "Requests of all providers that hold a connection or wait for one. If many wait, add orchestrators, or lower `timeouts` of the "
        "provider that answers slowly.",
        "short",
        ('sum(http_client_in_flight{client="provider"})', "in progress"),
        ('sum(http_client_queued{client="provider"})', "waiting for a connection"),
    ),
]

LIMITS = [
    graph(
        "Requests that had to wait",
        "Requests a second that a limit, a pause, a hold or the breaker put off. They were not sent. A constant level is the price of a "
        "limit: raise `limits` if the provider allows it.",
        "reqps",
        (rate("longhaul_provider_delays_total", PROVIDER, "provider, operation"), "{{provider}} {{operation}}"),
    ),
    graph(
        "Throttled answers",
        "Answers such as 429, a second. Longhaul pauses and counts no attempt. If they are regular, set `limits` a little below what the "
        "provider allows.",
        "reqps",
        (rate(REQUESTS, f'{PROVIDER}, outcome="throttled"', "provider, operation"), "{{provider}} {{operation}}"),
    ),
    graph(
        "Claims that were postponed",
        "Timers a second that moved because their provider was not to be asked yet. They cost Redis, not the provider.",
        "cps",
        (rate("longhaul_requests_held_total"), "claims"),
    ),
    graph(
        "Jobs that wait for their start",
        "Jobs in PENDING. If they grow for one provider only, its limits or its breaker hold them back; if for all, add orchestrators.",
        "short",
        (f'max by (provider) (longhaul_jobs{{{PROVIDER}, status="PENDING"}})', "{{provider}}"),
    ),
    graph(
        "Exports at the provider",
        "Jobs in POLLING. A flat line at `limits.inFlight` means that the limit is reached.",
        "short",
        (f'max by (provider) (longhaul_jobs{{{PROVIDER}, status="POLLING"}})', "{{provider}}"),
    ),
    graph(
        "Wait for the start, 90 %",
        "Nine of ten jobs that started in the window had waited less than this in PENDING, for a permit or a free place.",
        "s",
        (quantile(0.9, "longhaul_job_phase_seconds", f'{PROVIDER}, phase="waiting"', "provider"), "{{provider}}"),
    ),
    graph(
        "Creations by outcome",
        "Requests that create an export, a second. With `limits.creates`, this is where the rate shows.",
        "reqps",
        (rate("longhaul_creates_total", PROVIDER, "outcome"), "{{outcome}}"),
        stacked=True,
        width=12,
    ),
    graph(
        "Lists of files by outcome",
        "Pages of file lists, a second. An export that is ready and cannot be listed stays in READY.",
        "reqps",
        (rate("longhaul_listings_total", PROVIDER, "outcome"), "{{outcome}}"),
        stacked=True,
        width=12,
    ),
]

BOARD = dashboard(
    "providers",
    "Providers",
    "Whether the providers' APIs answer, how fast, with which errors, and what holds requests back.",
    [("Health", HEALTH), ("Requests", REQUESTS_SENT), ("Latency", LATENCY), ("Limits", LIMITS)],
)
