"""Requests to a service's own API, to prepare what is exported."""

import requests

from stage import check


class API:
    def __init__(self, base, **options):
        self.base, self.session = base, requests.Session()
        # No proxy for loopback addresses.
        self.session.trust_env = False
        self.session.headers.update(options.get("headers", {}))
        self.session.auth = options.get("auth")

    def answers(self, path):
        """Whether the service answers this path well."""
        try:
            return self.session.get(self.base + path, timeout=10).ok
        except requests.RequestException:
            return False

    def get(self, path):
        answer = self.session.get(self.base + path, timeout=60)
        check(answer.ok, f"GET {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    def post(self, path, body):
        answer = self.session.post(self.base + path, json=body, timeout=60)
        check(answer.ok, f"POST {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else None
