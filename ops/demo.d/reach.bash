# shellcheck shell=bash
# What `ops/demo --keep` leaves for those who want to look at it.

# write_tools : the environment, and the program with it, so that each printed command works in any terminal.
write_tools() {
    {
        printf 'unset LONGHAUL_PROGRAM\n'
        cat "$SCRATCH/servers/env"
        declare -px LONGHAUL_PROVIDERS LONGHAUL_OUTPUT LONGHAUL_EGRESS LONGHAUL_HEALTH_PORT LONGHAUL_LEASE LONGHAUL_WATCHDOG
    } >"$SCRATCH/env"
    printf '#!/usr/bin/env bash\nsource %q\nexec %q "$@"\n' "$SCRATCH/env" "$LONGHAUL" >"$SCRATCH/longhaul"
    chmod +x "$SCRATCH/longhaul"
}

# submit_waiting : a job that still waits when somebody looks.
submit_waiting() {
    "$LONGHAUL" submit sandbox --id demo-waiting -p report=waiting -p durationSeconds=3600 -p files=2 >"$SCRATCH/waiting.out"
}

tell_how_to_reach() {
    local name metrics=''
    for name in "${!PIDS[@]}"; do
        [[ $name == orchestrator-* || $name == worker-* ]] || continue
        metrics+="  $(printf '%-16s' "$name")http://$(address "$name")/metrics"$'\n'
    done
    cat <<END

Everything goes on running. Look at jobs:
  $SCRATCH/longhaul explain demo-waiting
  $SCRATCH/longhaul explain demo-0001
  $SCRATCH/longhaul job demo-0001 --trail
  $SCRATCH/longhaul jobs
  $SCRATCH/longhaul watch
Submit one:
  $SCRATCH/longhaul submit sandbox -p durationSeconds=5 -p files=2 --wait

Metrics:
$(sort <<<"${metrics%$'\n'}")
$(tell_prometheus)

Others:
  queues          ${LONGHAUL_RABBITMQ_MANAGEMENT:-no management page}
  simulated API   $SANDBOX/_sandbox/stats
  environment     source $SCRATCH/env
  logs            $SCRATCH/*.log

To end it:
  kill ${PIDS[*]}; $ROOT/ops/servers down $SCRATCH/servers; rm -r $SCRATCH
END
}
