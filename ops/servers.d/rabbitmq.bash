# shellcheck shell=bash
# RabbitMQ: a node with its own port mapper, cookie, configuration and data.

prepare_rabbitmq() {
    local folder=$1 amqp management distribution mapper metrics
    read -r amqp management distribution mapper metrics < <(free_ports 5)
    printf '%s %s %s %s %s\n' "$amqp" "$management" "$distribution" "$mapper" "$metrics" >"$folder/ports"
    mkdir -p "$folder/epmd"
    : >"$folder/rabbitmq-env.conf"
    printf '[rabbitmq_management,rabbitmq_prometheus].\n' >"$folder/enabled_plugins"
    cat >"$folder/rabbitmq.conf" <<END
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = $metrics
collect_statistics_interval = 5000
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
END
    cat >"$folder/env" <<END
export LONGHAUL_RABBITMQ_URL=amqp://guest:guest@127.0.0.1:$amqp/%2F
export LONGHAUL_RABBITMQ_MANAGEMENT=http://guest:guest@127.0.0.1:$management
export RABBITMQ_METRICS=http://127.0.0.1:$metrics/metrics
END
}

# Debian's /usr/sbin/rabbitmq-server changes the user and writes to /var/log; the script that it calls does neither.
rabbitmq_program() {
    local program
    for program in /usr/lib/rabbitmq/bin/rabbitmq-server /opt/rabbitmq/sbin/rabbitmq-server "$(command -v rabbitmq-server)"; do
        [[ -x $program ]] && printf '%s\n' "$program" && return
    done
    fail "no rabbitmq-server; run ops/install"
}

start_rabbitmq() {
    local folder=$1 program amqp management distribution mapper
    program=$(rabbitmq_program)
    read -r amqp management distribution mapper _ <"$folder/ports"
    ended "$folder/epmd" && launch "$folder/epmd" epmd -address 127.0.0.1 -port "$mapper"
    # The last variable makes the script exec the Erlang VM instead of waiting for it, so that the process id is the VM's.
    launch "$folder" env -u RABBITMQ_CONFIG_FILES -u NOTIFY_SOCKET \
        HOME="$folder" \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$mapper" \
        RABBITMQ_CONF_ENV_FILE="$folder/rabbitmq-env.conf" \
        RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
        RABBITMQ_ADVANCED_CONFIG_FILE="$folder/advanced.config" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$folder/data" \
        RABBITMQ_LOG_BASE="$folder" \
        RABBITMQ_LOG=info,-color \
        RABBITMQ_PID_FILE="$folder/rabbitmq.pid" \
        RABBITMQ_NODENAME="longhaul-$amqp@localhost" \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
        RABBITMQ_NODE_PORT="$amqp" \
        RABBITMQ_DIST_PORT="$distribution" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +SDcpu 1:1 +SDio 4 -kernel inet_dist_use_interface {127,0,0,1}" \
        RUNNING_UNDER_SYSTEMD=true \
        "$program"
}

answers_rabbitmq() {
    local amqp management
    read -r amqp management _ <"$1/ports"
    accepts_login "$amqp" &&
        curl --noproxy '*' -sf -m 5 -o /dev/null "http://guest:guest@127.0.0.1:$management/api/whoami"
}

# Logs in as guest up to Connection.Tune: an open port alone does not show the node's state.
accepts_login() {
    "$PYTHON" - "$1" 2>/dev/null <<'END'
import socket, struct, sys

def method(connection):
    kind, channel, size = struct.unpack(">BHI", connection.recv(7, socket.MSG_WAITALL))
    payload = connection.recv(size + 1, socket.MSG_WAITALL)
    return struct.unpack(">HH", payload[:4])

response = b"\0guest\0guest"
start_ok = struct.pack(">HHI", 10, 11, 0) + b"\5PLAIN" + struct.pack(">I", len(response)) + response + b"\5en_US"
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as connection:
    connection.sendall(b"AMQP\0\0\x09\x01")
    assert method(connection) == (10, 10)
    connection.sendall(struct.pack(">BHI", 1, 0, len(start_ok)) + start_ok + b"\xce")
    assert method(connection) == (10, 30)
END
}

# rabbitmqctl for the node of a folder.
control_rabbitmq() {
    local folder=$1 program amqp mapper
    shift
    read -r amqp _ _ mapper _ <"$folder/ports"
    program=$(dirname "$(rabbitmq_program)")/rabbitmqctl
    env HOME="$folder" ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$mapper" RABBITMQ_CONF_ENV_FILE="$folder/rabbitmq-env.conf" \
        "$program" -q -n "longhaul-$amqp@localhost" "$@"
}
