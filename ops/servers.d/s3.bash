# shellcheck shell=bash
# An S3 endpoint: moto's server, from the environment that ops/install creates.

readonly VENV="$ROOT/.build-venv"

prepare_s3() {
    local folder=$1 port
    port=$(free_ports 1)
    printf '%s\n' "$port" >"$folder/ports"
    cat >"$folder/env" <<END
export AWS_ENDPOINT_URL_S3=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=testing
export AWS_SECRET_ACCESS_KEY=testing
export AWS_REGION=us-east-1
END
}

start_s3() {
    [[ -x $VENV/bin/moto_server ]] || fail "no S3 server in $VENV; run ops/install"
    launch "$1" "$VENV/bin/moto_server" -H 127.0.0.1 -p "$(<"$1/ports")"
}

answers_s3() { curl --noproxy '*' -sf -m 5 -o /dev/null "http://127.0.0.1:$(<"$1/ports")/moto-api/"; }
