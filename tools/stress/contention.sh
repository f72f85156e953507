#!/usr/bin/env bash
# What decoding keeps of its rate while another process has one of the processors: medians in tokens/s, idle and busy in turns.
#   tools/stress/contention.sh WEIGHTS.BIN...
# THREADS='2 4 8' are the thread counts, ROUNDS=5 the runs behind each median, CPU=0 the processor that the other process is pinned to,
# OPTIONS='--speculate 8' more of generate's options. The
# other process spins on register arithmetic, then copies a file of 256 MB from memory. Needs taskset and an otherwise idle machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
[ $# -ge 1 ] || { sed -n '2,6s/^# *//p' "$0" >&2; exit 2; }
dotnet build tools/mygpt-rt -c Release >/dev/null
tool=$PWD/tools/mygpt-rt/bin/Release/net10.0/mygpt-rt.dll
work=$(mktemp -d)
other=
trap '[ -z "$other" ] || kill "$other"; rm -rf "$work"' EXIT
head -c 268435456 /dev/zero >"$work/stream"

start() { # idle | spin | stream
    case $1 in
        idle) return ;;
        spin) taskset -c "${CPU:-0}" bash -c 'while :; do :; done' & ;;
        stream) taskset -c "${CPU:-0}" bash -c 'while :; do dd if="$0" of=/dev/null bs=256k status=none; done' "$work/stream" & ;;
    esac
    other=$!
    sleep 0.1
}
stop() {
    [ -z "$other" ] || { kill "$other"; wait "$other" 2>/dev/null || true; }
    other=
}
rate() { # WEIGHTS THREADS: tokens/s of the steps after the prompt
    dotnet "$tool" generate "$1" --ids 13,1010,2007,3004 -n 128 --temperature 0 --threads "$2" --stats ${OPTIONS:-} 2>&1 >/dev/null |
        awk '$1 == "generated" { gsub(",", "", $4); print $4 }'
}
median() { sort -n "$1" | sed -n "$(( ($(wc -l <"$1") + 1) / 2 ))p"; }

printf '%-24s %7s %9s %9s %6s %9s %6s\n' weights threads idle spin '' stream ''
for weights in "$@"; do
    for threads in ${THREADS:-2 4 8}; do
        rm -f "$work"/*.rates
        for ((round = 0; round < ${ROUNDS:-5}; round++)); do
            for state in idle spin stream; do
                start "$state"
                rate "$weights" "$threads" >>"$work/$state.rates"
                stop
            done
        done
        idle=$(median "$work/idle.rates") spin=$(median "$work/spin.rates") stream=$(median "$work/stream.rates")
        share() { awk -v a="$1" -v b="$idle" 'BEGIN { printf "%.0f %%", 100 * a / b }'; }
        printf '%-24s %7s %9s %9s %6s %9s %6s\n' "$(basename "$weights")" "$threads" "$idle" "$spin" "$(share "$spin")" "$stream" "$(share "$stream")"
    done
done
