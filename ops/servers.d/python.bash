# shellcheck shell=bash
# Functions that bash cannot provide.

# Prefers the system's Python: others on the PATH are often slow wrappers.
PYTHON=$(PATH="/usr/bin:$PATH" command -v python3) || PYTHON=python3
readonly PYTHON

# Ports below the kernel's range for outgoing connections, so that the port of a killed server is still free when the server
# starts again.
free_ports() {
    "$PYTHON" - "$1" <<'END'
import random, socket, sys
ephemeral = int(open("/proc/sys/net/ipv4/ip_local_port_range").read().split()[0])
held = []
for port in random.sample(range(min(15000, ephemeral - 5000), ephemeral), 1000):
    candidate = socket.socket()
    try:
        candidate.bind(("127.0.0.1", port))
    except OSError:
        continue
    held.append(candidate)
    if len(held) == int(sys.argv[1]):
        break
print(*(candidate.getsockname()[1] for candidate in held))
END
}
