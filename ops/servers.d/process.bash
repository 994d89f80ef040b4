# shellcheck shell=bash
# Processes in their own sessions, identified by id and start time, so that a reused id is never signalled. Each has a folder
# with its log and the file pid.

readonly START_DEADLINE=120
# Executes the program in its arguments.
readonly DETACH='
import os, signal, sys
os.setsid()
os.closerange(3, os.sysconf("SC_OPEN_MAX"))
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
    signal.signal(number, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_SETMASK, [])
os.execvp(sys.argv[1], sys.argv[1:])
'

start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The second field is the program's name, which may contain spaces and parentheses.
    local -a fields
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} != Z ]] && printf '%s\n' "${fields[19]}"
}

# launch FOLDER PROGRAM ARGUMENT… : starts the program in FOLDER and in its own session, so that it outlives this script and Ctrl-C
# does not reach it. It does not inherit the caller's descriptors, because the caller may wait until they close, nor its signal
# mask, which may block SIGTERM.
launch() {
    local folder=$1
    shift
    (cd "$folder" && exec "$PYTHON" -c "$DETACH" "$@") </dev/null >>"$folder/log" 2>&1 &
    local pid=$! started
    started=$(start_time "$pid") || fail "$(basename "$folder") ended at once: $(tail -n 5 "$folder/log")"
    printf '%s %s\n' "$pid" "$started" >"$folder/pid"
}

# Prints the process id of the server in FOLDER if that process is still running.
running() {
    local pid started
    read -r pid started 2>/dev/null <"$1/pid" || return 1
    [[ $(start_time "$pid") == "$started" ]] && printf '%s\n' "$pid"
}

# send SIGNAL FOLDER : to the server's whole session (Erlang has helper processes).
send() {
    local pid
    pid=$(running "$2") || return 0
    kill "-$1" -- "-$pid" 2>/dev/null || true
}

# frozen FOLDER : whether every thread of the server's session is stopped. A signal takes effect a moment after it is sent.
frozen() {
    local pid stat line task session
    pid=$(running "$1") || return 0
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        # After the name in parentheses: state, parent, group, session.
        read -r _ _ _ session _ <<<"${line##*) }"
        [[ $session == "$pid" ]] || continue
        for task in "${stat%/stat}"/task/[0-9]*/stat; do
            { read -r line <"$task"; } 2>/dev/null || continue
            [[ ${line##*) } == [TtZX]* ]] || return 1
        done
    done
}

# until_true SECONDS COMMAND… : runs the command ten times a second until it succeeds.
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.1
    done
}

ended() { ! running "$1" >/dev/null; }

# end_process FOLDER SECONDS : sends SIGTERM, and SIGKILL after the given number of seconds.
end_process() {
    send TERM "$1"
    send CONT "$1"
    until_true "$2" ended "$1" && return
    send KILL "$1"
    until_true 5 ended "$1" || fail "$1: process $(running "$1") cannot be ended"
}

# await NAME FOLDER : waits until the server responds; fails early if it has ended.
await() {
    local name=$1 folder=$2 end=$((SECONDS + START_DEADLINE))
    until "answers_$name" "$folder"; do
        ended "$folder" && tail -n 60 "$folder/log" >&2 && fail "$name ended instead of coming up; its log: $folder/log"
        ((SECONDS < end)) || { tail -n 60 "$folder/log" >&2 && fail "$name does not answer after $START_DEADLINE s"; }
        sleep 0.1
    done
}
