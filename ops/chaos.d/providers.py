"""The providers of a run: one simulated API, to which each signs in, and at which each creates exports, in another way."""

# Sent as they are by the provider `sandbox`, and first by the others.
SECRETS = {
    "SANDBOX_TOKEN": "chaos-fixed-token",
    "SANDBOX_REFRESH_TOKEN": "chaos-first-refresh-token",
    "SANDBOX_PERSONAL_TOKEN": "chaos-personal-token",
}
# Tokens end many times within a run. A process that is killed between an answer and its record loses the next refresh token, so the
# used one has to stay valid until a token of the answer is used. Answers take their time, so that processes are killed before them.
OPTIONS = {
    "--token": SECRETS["SANDBOX_TOKEN"],
    "--refresh-token": SECRETS["SANDBOX_REFRESH_TOKEN"],
    "--access-lifetime": "5s",
    "--refresh-grace": "first-use",
    "--personal-token": SECRETS["SANDBOX_PERSONAL_TOKEN"],
    "--session-lifetime": "7s",
    "--sign-in-time": "1s",
}

FIXED = {"auth": '{ bearer: "{{ .secrets.SANDBOX_TOKEN }}" }'}
SESSION = {
    "auth": (
        '{ session: { request: POST /sessions, json: { personalToken: "{{ .secrets.SANDBOX_PERSONAL_TOKEN }}" }, '
        "values: { token: .response.body.token }, expires: .response.body.expiresIn, "
        'send: { bearer: "{{ .session.token }}" } } }'
    )
}
# `create: request:` is the first request of the file. A start that is sent again is answered that the export has begun.
STEPS = {
    "create:\n  request": "POST /drafts",
    "steps": (
        '[{ request: "POST /exports/{{ .export.id }}/start", '
        "errors: [{ when: '.response.status == 409 and .response.body.error.code == \"already-started\"', class: ok }] }]"
    ),
}


# One request asks for up to 20 exports. What a fault would befall is left out of the answer, and asked for on its own.
BATCH = {
    "  progress": (
        ".response.body.percent\n  batch: { request: GET /exports, query: { ids: '{{ .ids | join(\",\") }}' }, "
        "items: .response.body.exports, id: .item.id, size: 20, wait: 200ms }"
    )
}


def rotating(api):
    """Refresh tokens that change. `api`: the base URL."""
    return {
        "auth": (
            f'{{ oauth2: {{ tokenURL: "{api}/oauth/token", clientId: chaos, '
            'refreshToken: "{{ .secrets.SANDBOX_REFRESH_TOKEN }}", rotates: true } }'
        )
    }


NAMES = ["sandbox", "rotating", "session", "steps", "session-steps"]


def lines(name, api):
    """The lines of the provider's file that differ from those of the sandbox's. `api`: the base URL."""
    return {
        "sandbox": FIXED | BATCH,
        "rotating": rotating(api),
        "session": SESSION,
        "steps": FIXED | STEPS,
        "session-steps": SESSION | STEPS | BATCH,
    }[name]
