"""TCP proxies on loopback ports that cut or stall connections and refuse new ones."""

import asyncio
import random
import socket
import struct
import threading
import time

BUFFER = 1 << 18


class Half(asyncio.Protocol):
    """One side of a connection. It forwards what it reads to `other`, which pauses it while it cannot write."""

    def __init__(self, pair):
        self.pair, self.transport, self.other, self.blocked, self.early = pair, None, None, False, []

    def connection_made(self, transport):
        self.transport = transport
        if self.pair.is_closed:
            transport.abort()
            return
        transport.set_write_buffer_limits(BUFFER)
        # Data from before this side was connected goes first.
        for data in self.other.early:
            transport.write(data)
        self.other.early = []
        self.flow()

    def data_received(self, data):
        if self.other and self.other.transport:
            self.other.transport.write(data)
        else:
            self.early.append(data)

    def connection_lost(self, _):
        self.pair.close()

    def pause_writing(self):
        self.other.blocked = True
        self.other.flow()

    def resume_writing(self):
        self.other.blocked = False
        self.other.flow()

    def flow(self):
        """Resumes or pauses reading."""
        if not self.transport or self.transport.is_closing():
            return
        if self.blocked or self.pair.is_silent:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()


class Pair:
    """A client and its connection to the server."""

    def __init__(self, proxy):
        self.proxy, self.is_silent, self.is_closed = proxy, False, False
        self.client, self.server = Half(self), Half(self)
        self.client.other, self.server.other = self.server, self.client

    @property
    def port(self):
        """The client port that the server sees."""
        transport = self.server.transport
        return transport.get_extra_info("sockname")[1] if transport and not transport.is_closing() else None

    def stall(self, is_silent):
        self.is_silent = is_silent
        self.client.flow()
        self.server.flow()

    async def connect(self):
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.server, "127.0.0.1", self.proxy.target)
        except OSError:
            self.close(hard=True)

    def close(self, hard=False):
        self.is_closed = True
        self.proxy.pairs.discard(self)
        for half in (self.client, self.server):
            if half.transport and not half.transport.is_closing():
                if hard:
                    # Resets the connection instead of closing it cleanly (socket(7), SO_LINGER).
                    connection = half.transport.get_extra_info("socket")
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    half.transport.abort()
                else:
                    half.transport.close()


class Proxy:
    """The proxy of one server. All methods are thread-safe."""

    def __init__(self, name, target, loop):
        self.name, self.target, self.loop = name, target, loop
        self.pairs, self.refusing_until, self.stalled_until = set(), 0, 0
        # Connections that arrived while new ones were refused or stalled.
        self.met = 0
        server = asyncio.run_coroutine_threadsafe(loop.create_server(self.accept, "127.0.0.1", 0), loop).result(10)
        self.port = server.sockets[0].getsockname()[1]

    def accept(self):
        pair = Pair(self)
        self.pairs.add(pair)
        now = time.monotonic()
        self.met += now < max(self.refusing_until, self.stalled_until)
        if now < self.refusing_until:
            self.loop.call_soon(pair.close, True)
        else:
            if now < self.stalled_until:
                pair.stall(True)
            self.loop.create_task(pair.connect())
        return pair.client

    def cut(self, share, refuse, choice):
        """Resets a share of the connections, and each new one for `refuse` seconds. Returns the number of cut connections."""
        return self.call(self._cut, share, refuse, choice)

    def stall(self, share, seconds, choice):
        """Stalls a share of the connections for a while; if the share is all, new ones too. Returns the number of connections."""
        return self.call(self._stall, share, seconds, choice)

    def stall_ports(self, ports, seconds):
        """The same for the connections with these client ports, as the server sees them."""
        return self.call(self._silence, [pair for pair in self.pairs if pair.port in ports], seconds)

    def heal(self):
        self.call(self._heal)

    def _cut(self, share, refuse, choice):
        self.refusing_until = time.monotonic() + refuse
        chosen = self._some(share, choice)
        for pair in chosen:
            pair.close(hard=True)
        return len(chosen)

    def _stall(self, share, seconds, choice):
        if share == 1:
            self.stalled_until = time.monotonic() + seconds
        return self._silence(self._some(share, choice), seconds)

    def _silence(self, pairs, seconds):
        for pair in pairs:
            pair.stall(True)
        self.loop.call_later(seconds, self._heal)
        return len(pairs)

    def _heal(self):
        self.refusing_until = self.stalled_until = 0
        for pair in list(self.pairs):
            pair.stall(False)

    def _some(self, share, choice):
        pairs = sorted(self.pairs, key=id)
        return pairs if share == 1 else random.Random(choice).sample(pairs, min(len(pairs), max(1, round(share * len(pairs)))))

    def call(self, function, *arguments):
        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)


def start_loop():
    """An event loop on its own thread."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="proxies", daemon=True).start()
    return loop
