"""What an export costs in checks, and how soon its readiness is noticed."""

from dashboard import dashboard
from panels import graph, heat, number
from promql import PROVIDER, ROLE, mean, over, quantile, rate, share

LAG, PHASE = "longhaul_detection_lag_seconds", "longhaul_job_phase_seconds"
POLLING = f'{PROVIDER}, phase="polling"'
# The lag is told by its bound for every export; as the API tells it, only for some.
BOUND = f'{PROVIDER}, by="bound"'

NOW = [
    number(
        "Checks per export",
        "The average over the window: the price of an export in requests. To lower it, check later or less often: `polling` in the "
        "provider file.",
        "short",
        (mean("longhaul_polls_per_export", PROVIDER), "checks"),
    ),
    number(
        "Checks that came too early",
        "The share of checks that found the export not ready. It falls with a longer `polling.min`, at the price of a later discovery.",
        "percentunit",
        (share("longhaul_checks_total", 'outcome="not-ready"', PROVIDER), "too early"),
    ),
    number(
        "Readiness noticed after, 90 %",
        "Nine of ten exports were noticed sooner than this after they became ready: at most, if only the time of the check before is "
        "known (bound). If it is too long, lower `polling.max`.",
        "s",
        (quantile(0.9, LAG, PROVIDER, "by"), "{{by}}"),
    ),
    number(
        "Checks per second",
        "Status checks of all orchestrators. If they fall while jobs are in POLLING, timers do not fire: see *Oldest overdue timer*.",
        "reqps",
        (rate("longhaul_checks_total", PROVIDER), "checks"),
    ),
    number(
        "Oldest overdue timer",
        "How late the most overdue check or retry is. Seconds are normal under load. Minutes mean that no orchestrator claims timers.",
        "s",
        ("max(longhaul_oldest_overdue_timer_seconds)", "overdue"),
        limits=(30, 120),
    ),
    number(
        "CPU per check",
        "CPU time of the orchestrators for each check of any provider, with all their other work. It falls with the number of checks, "
        "because they share work. If it rises at the same load, report it.",
        "s",
        (f'sum(rate(process_cpu_seconds_total[$window]) {ROLE}{{role="orchestrator"}}) / {over("longhaul_checks_total")}', "CPU"),
    ),
]

COST = [
    graph(
        "Checks by outcome",
        "Status checks a second. Those that succeeded found an export ready. Failures beside them cost requests too: see Providers.",
        "reqps",
        (rate("longhaul_checks_total", PROVIDER, "outcome"), "{{outcome}}"),
        stacked=True,
    ),
    graph(
        "Checks per export, by provider and key",
        "The average over the window, by what `polling.key` gives. With the learned policy it stays near `polling.pollsPerJob`; one far "
        "above has exports whose time nothing predicts.",
        "short",
        (mean("longhaul_polls_per_export", PROVIDER, "provider, key"), "{{provider}} {{key}}"),
    ),
    graph(
        "Checks that came too early, by provider",
        "The share of checks that found the export not ready. One such check an export is cheap; ten are waste.",
        "percentunit",
        (share("longhaul_checks_total", 'outcome="not-ready"', PROVIDER, "provider"), "{{provider}}"),
        most=1,
    ),
    heat(
        "Distribution of checks per export",
        "How many checks exports took. Two bands mean two kinds of exports: tell them apart with `polling.key`, so "
        "that the policy learns each on its own.",
        "short",
        f"sum by (le) (increase(longhaul_polls_per_export_bucket{{{PROVIDER}}}[$__rate_interval]))",
    ),
    graph(
        "Polling duration",
        "How long exports took until they were found ready: the average and what nine of ten stay below, by provider.",
        "s",
        (mean(PHASE, POLLING, "provider"), "{{provider}}, average"),
        (quantile(0.9, PHASE, POLLING, "provider"), "{{provider}}, 90 %"),
        width=12,
    ),
]

TIMELINESS = [
    graph(
        "Readiness noticed after",
        "From an export's readiness to its discovery: as the provider tells it (api), or at most (bound). If it is too long for you, "
        "lower `polling.max`.",
        "s",
        (quantile(0.5, LAG, PROVIDER, "by"), "{{by}}, half"),
        (quantile(0.9, LAG, PROVIDER, "by"), "{{by}}, 90 %"),
    ),
    graph(
        "Lag as a share of the polling duration",
        "How much of the time in POLLING was spent after the export was ready, at most. If it is above a third, lower `polling.max`.",
        "percentunit",
        (f"{over(LAG + '_sum', BOUND, 'provider')} / {over(PHASE + '_sum', POLLING, 'provider')}", "{{provider}}"),
    ),
    graph(
        "Prediction off by",
        "By how much exports took longer or shorter than usual, as a share of the usual time. What is far off can only be checked often: "
        "look for a `polling.key` that tells its kinds apart.",
        "percentunit",
        (mean("longhaul_prediction_error_ratio", PROVIDER, "provider, key"), "{{provider}} {{key}}"),
    ),
    graph(
        "Timers fire late by",
        "From the time at which a timer was due to its claim. If it rises to seconds, add an orchestrator; if Redis uses a whole core, "
        "lower the number of checks.",
        "s",
        (quantile(0.5, "longhaul_timer_lateness_seconds", window="$__rate_interval"), "half"),
        (quantile(0.99, "longhaul_timer_lateness_seconds", window="$__rate_interval"), "99 %"),
    ),
]

SPARED = [
    graph(
        "Checks that share a request",
        "The share of checks whose request asked for other exports too (`status.batch`), by provider. Far below 1 there are few exports, "
        "or `status.batch.wait` is too short for them.",
        "percentunit",
        (
            f"{over('longhaul_checks_together_total', PROVIDER, 'provider')} / {over('longhaul_checks_total', PROVIDER, 'provider')}",
            "{{provider}}",
        ),
        most=1,
    ),
    graph(
        "Hints",
        "Callbacks of APIs and messages in longhaul.hints that moved a check to now, and those that changed nothing. Malformed ones come "
        "from a program that publishes something else.",
        "cps",
        (rate("longhaul_hints_total", by="outcome"), "{{outcome}}"),
    ),
    graph(
        "Intervals are stretched by",
        "What the intervals of a provider are multiplied by, because it throttles or answers slowly. 1 is normal. If it stays above, set "
        "`limits.checks` to what the provider allows.",
        "short",
        (f"max by (provider) (longhaul_poll_stretch{{{PROVIDER}}})", "{{provider}}"),
    ),
]

WORK = [
    graph(
        "Wakes",
        "Timers that orchestrators turned into messages. Refused ones met a full queue: claims are faster than checks, so add an "
        "orchestrator. Stale ones were done by another process already.",
        "cps",
        (rate("longhaul_wakes_total", by="outcome"), "{{outcome}}"),
    ),
    graph(
        "Work in progress",
        "Checks and creations that the orchestrators are at. A level that stays at its limit (LONGHAUL_CREATES_IN_FLIGHT for creations) "
        "means that a provider answers slowly: see Providers.",
        "short",
        ("sum by (what) (longhaul_in_flight)", "{{what}}"),
    ),
    graph(
        "Checks that had to wait",
        "Checks a second that a limit, a pause, a hold or the breaker put off, by provider. They cost no request. If this is always "
        "high, `limits.checks` is too low for the number of exports.",
        "reqps",
        (rate("longhaul_provider_delays_total", f'{PROVIDER}, operation="check"', "provider"), "{{provider}}"),
    ),
]

BOARD = dashboard(
    "polling",
    "Polling efficiency",
    "What an export costs in checks, and how soon its readiness is noticed.",
    [("Now", NOW), ("Cost", COST), ("Timeliness", TIMELINESS), ("Requests spared", SPARED), ("Work of the orchestrators", WORK)],
)
