"""The dashboards, in the order of their links."""

from boards import dependencies, events, overview, polling, providers, transfers

BOARDS = {
    name: module.BOARD
    for name, module in (
        ("overview", overview),
        ("polling", polling),
        ("providers", providers),
        ("transfers", transfers),
        ("events", events),
        ("dependencies", dependencies),
    )
}
