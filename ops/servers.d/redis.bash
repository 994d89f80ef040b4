# shellcheck shell=bash
# Redis with the durability that Longhaul requires.

prepare_redis() {
    local folder=$1 port
    port=$(free_ports 1)
    printf '%s\n' "$port" >"$folder/ports"
    cat >"$folder/redis.conf" <<END
bind 127.0.0.1
port $port
databases 1024
dir "$folder"
daemonize no
save ""
appendonly yes
appendfsync always
maxmemory-policy noeviction
hash-max-listpack-value 4096
hash-max-listpack-entries 128
END
    printf 'export LONGHAUL_REDIS_URL=redis://127.0.0.1:%s/0\n' "$port" >"$folder/env"
}

start_redis() { launch "$1" redis-server "$1/redis.conf"; }

answers_redis() { [[ $(redis-cli -p "$(<"$1/ports")" ping 2>/dev/null) == PONG ]]; }
