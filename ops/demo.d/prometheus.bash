# shellcheck shell=bash
# Debian's Prometheus with the configuration, the rules and the alerts of the compose file, on a free loopback port.

# start_prometheus : scrapes the services that write_targets names, and RabbitMQ. Sets PROMETHEUS, its address; leaves it empty without one.
start_prometheus() {
    local folder=$SCRATCH/prometheus broker=${RABBITMQ_METRICS#http://} line
    PROMETHEUS=''
    command -v prometheus >/dev/null || return 0
    cp -r "$ROOT/ops/prometheus" "$folder"
    sed -E -i "s|dns_sd_configs: .*names: \[(\w+)\].*|file_sd_configs: [{ files: [\1.json] }]|; s|rabbitmq:15692|${broker%/metrics}|
        s|(scrape_interval\|scrape_timeout\|evaluation_interval): .*|\1: 5s|" "$folder/prometheus.yml"
    write_targets
    start_program prometheus prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
        --web.listen-address=127.0.0.1:0
    line=$(until_line "$SCRATCH/prometheus.log" 'msg="Listening on" address=[0-9.:]+' 30)
    PROMETHEUS=http://${line##*=}
}

# write_targets : the services that run now. Prometheus reads the files again when they change.
write_targets() {
    local role name list
    [[ -d $SCRATCH/prometheus ]] || return 0
    for role in orchestrator worker; do
        list=''
        for name in "${!PIDS[@]}"; do
            [[ $name == "$role"-* ]] && list+="${list:+, }\"$(address "$name")\""
        done
        printf '[{ "targets": [%s] }]\n' "$list" >"$SCRATCH/prometheus/$role.json.new"
        mv "$SCRATCH/prometheus/$role.json.new" "$SCRATCH/prometheus/$role.json"
    done
}

# address NAME : host and port of a service's health and metrics.
address() {
    local line
    line=$(until_line "$SCRATCH/$1.log" '"port":"?[0-9]+' 20)
    printf '127.0.0.1:%s\n' "${line##*[!0-9]}"
}

tell_prometheus() {
    if [[ -z $PROMETHEUS ]]; then
        printf '  Prometheus      is not installed; run ops/install\n'
        return
    fi
    cat <<END
  Prometheus      $PROMETHEUS/graph?g0.expr=max+by+(status)+(longhaul_jobs)&g0.tab=0&g0.range_input=10m
  alerts          $PROMETHEUS/alerts
  dashboards      in a Grafana of yours: add $PROMETHEUS as a data source (Prometheus, scrape interval 5s), then import
                  $ROOT/ops/grafana/dashboards/*.json
END
}
