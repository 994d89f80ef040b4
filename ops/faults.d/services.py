"""The program `service` of a page's script: asks the test, over a Unix socket, to stop, start or restart services, and tells it which
block has been reached.

python3 services.py SOCKET start|stop|restart NAME… | SOCKET reached BLOCK
"""

import json
import os
import socket
import socketserver
import sys
import threading


class Services:
    """Answers on a socket. `act`: called with the words of a request; what it raises becomes the answer, and `problem`."""

    def __init__(self, path, act):
        self.path, self.act, self.problem, self.lock = path, act, None, threading.Lock()
        services = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                answer = services.answer(json.loads(self.rfile.readline()))
                self.wfile.write(json.dumps(answer).encode())

        self.server = socketserver.ThreadingUnixStreamServer(path, Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, words):
        with self.lock:
            try:
                self.act(*words)
                return ""
            # The script must end, whatever went wrong; the test reports it.
            except Exception as problem:
                self.problem = self.problem or problem
                return f"{' '.join(words)}: {problem!r}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)


def ask(path, words):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        connection.sendall(json.dumps(words).encode() + b"\n")
        with connection.makefile("rb") as answer:
            return json.loads(answer.read())


if __name__ == "__main__":
    problem = ask(sys.argv[1], sys.argv[2:])
    if problem:
        print(f"service: {problem}", file=sys.stderr)
        sys.exit(1)
