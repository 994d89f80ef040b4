"""The part of AMQP 0-9-1 that gets the exact number of messages in a queue and purges it. The management API's numbers lag by
seconds."""

import socket
import struct
from urllib.parse import urlsplit

START_OK, TUNE_OK, OPEN, CHANNEL_OPEN, DECLARE, PURGE = (10, 11), (10, 31), (10, 40), (20, 10), (50, 10), (50, 30)


class Queues:
    """A connection with one channel, as a context manager."""

    def __init__(self, url):
        self.url = urlsplit(url)

    def __enter__(self):
        self.socket = socket.create_connection((self.url.hostname, self.url.port), 5)
        self.socket.settimeout(10)
        self.socket.sendall(b"AMQP\0\0\x09\x01")
        self.receive((10, 10))
        response = f"\0{self.url.username}\0{self.url.password}".encode()
        self.send(0, START_OK, struct.pack(">I", 0) + short("PLAIN") + struct.pack(">I", len(response)) + response + short("en_US"))
        self.receive((10, 30))
        self.send(0, TUNE_OK, struct.pack(">HIH", 2047, 131072, 0))
        self.send(0, OPEN, short("/") + short("") + b"\0")
        self.receive((10, 41))
        self.send(1, CHANNEL_OPEN, short(""))
        self.receive((20, 11))
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ready(self, queue):
        """The number of messages that wait for a consumer."""
        self.send(1, DECLARE, struct.pack(">H", 0) + short(queue) + b"\1" + struct.pack(">I", 0))
        answer = self.receive((50, 11))
        return struct.unpack_from(">I", answer, 1 + answer[0])[0]

    def purge(self, queue):
        """Returns the number of purged messages."""
        self.send(1, PURGE, struct.pack(">H", 0) + short(queue) + b"\0")
        return struct.unpack(">I", self.receive((50, 31)))[0]

    def send(self, channel, method, arguments):
        payload = struct.pack(">HH", *method) + arguments
        self.socket.sendall(struct.pack(">BHI", 1, channel, len(payload)) + payload + b"\xce")

    def receive(self, method):
        _, _, size = struct.unpack(">BHI", self.exactly(7))
        payload = self.exactly(size + 1)[:-1]
        got = struct.unpack_from(">HH", payload)
        if got != method:
            raise ConnectionError(f"the broker answered {got} instead of {method}: {payload[4:204]!r}")
        return payload[4:]

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise ConnectionError("the broker closed the connection")
            data += more
        return data


def short(text):
    return bytes([len(text)]) + text.encode()
