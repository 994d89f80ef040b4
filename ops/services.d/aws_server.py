"""A server that answers as AWS services do, and only to requests with a right signature."""

import http.server
import json
import threading
import urllib.parse

from signature import Refused


class Answer(Exception):
    """An error that a service answers."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Server:
    """`play` has `call(target, body)` for JSON requests and `object(path, query)` for those of S3."""

    def __init__(self, verifier, play, service):
        self.verifier, self.play, self.service = verifier, play, service
        self.right, self.refused, self.last = [], [], None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_request(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, kind, content = outer.answer(self.command, self.path, headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_HEAD = handle_request

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def answer(self, method, target, headers, body):
        """Status, content type and content."""
        is_s3 = method != "POST"
        self.last = method, headers["host"], target, headers, body
        try:
            service = self.verifier.verify(*self.last)
            if service != ("s3" if is_s3 else self.service):
                raise Refused("InvalidSignatureException", f"Credential should be scoped to another service than {service}")
        except Refused as refused:
            self.refused.append(f"{method} {target}: {refused.code}: {refused}")
            return self.error(is_s3, 403 if is_s3 else 400, refused)
        self.right.append(f"{service} {headers.get('x-amz-target', target)}")
        try:
            if not is_s3:
                return 200, "application/x-amz-json-1.1", json.dumps(self.play.call(headers["x-amz-target"], json.loads(body))).encode()
            path, _, query = target.partition("?")
            return 200, *self.play.object(urllib.parse.unquote(path), dict(urllib.parse.parse_qsl(query)))
        except Answer as problem:
            return self.error(is_s3, 404 if is_s3 else 400, problem)

    def error(self, is_s3, status, problem):
        if is_s3:
            code = {"InvalidSignatureException": "SignatureDoesNotMatch"}.get(problem.code, problem.code)
            return status, "application/xml", f"<Error><Code>{code}</Code></Error>".encode()
        return status, "application/x-amz-json-1.1", json.dumps({"__type": problem.code, "message": str(problem)}).encode()

    def end(self):
        self.http.shutdown()
        self.http.server_close()
