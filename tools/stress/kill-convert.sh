#!/usr/bin/env bash
# Ends convert at random moments and on full disks, and holds that the old file, none, or all of the new one is left. The figures are the last lines.
#   tools/stress/kill-convert.sh CHECKPOINT [CONVERT-OPTION...]
# KILLS=200 processes are killed with SIGKILL, SEED=1 decides when. A checkpoint of 100 MB or more gives the writing time. The disk that
# fills up is a small tmpfs, which needs root; without it that part is skipped and said to be.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
[ $# -ge 1 ] || { sed -n '2,5s/^# *//p' "$0" >&2; exit 2; }
checkpoint=$(realpath "$1")
shift
options=("$@")
kills=${KILLS:-200}
RANDOM=${SEED:-1}

dotnet build tools/mygpt-rt -c Release >/dev/null || exit 1
tool=$PWD/tools/mygpt-rt/bin/Release/net10.0/mygpt-rt.dll
work=$(mktemp -d)
trap 'umount -q "$work/small" 2>/dev/null; rm -rf "$work"' EXIT
target=$work/out/w.bin
mkdir "$work/out"
failures=0
fail() { echo "FAILED: $*"; failures=$((failures + 1)); }
# Replaces its shell: in the background, $! is then the converting process itself.
exec_convert() { exec dotnet "$tool" convert "$checkpoint" "$1" --force ${options[@]+"${options[@]}"}; }
convert() { (exec_convert "$1"); }
partials() { find "$work/out" -name '.mygpt-*.partial' | wc -l; }

start=$(date +%s%N)
convert "$target" >/dev/null || exit 1
took=$((($(date +%s%N) - start) / 1000))   # microseconds
whole=$(sha256sum <"$target")
echo "$(stat -c %s "$checkpoint") bytes, $((took / 1000)) ms undisturbed"

untouched=0 finished=0 leftovers=0 during=0
for ((i = 1; i <= kills; i++)); do
    old=none
    rm -f "$target"
    if ((i % 2)); then echo old >"$target"; old=$(sha256sum <"$target"); fi
    exec_convert "$target" >/dev/null 2>&1 &
    process=$!
    delay=$((took * (RANDOM * 32768 + RANDOM) / (32768 * 32768)))
    sleep "$(printf '%d.%06d' $((delay / 1000000)) $((delay % 1000000)))"
    now=$(partials)
    kill -KILL "$process" 2>/dev/null
    wait "$process" 2>/dev/null
    ((now > 0)) && during=$((during + 1))
    (($(partials) > 0)) && leftovers=$((leftovers + 1))
    (($(partials) > 1)) && fail "kill $i: $(partials) partial files"
    found=none
    [ -f "$target" ] && found=$(sha256sum <"$target")
    if [ "$found" = "$whole" ]; then
        finished=$((finished + 1))
    elif [ "$found" = "$old" ]; then
        untouched=$((untouched + 1))
    else
        fail "kill $i after $delay us: the target is neither the old file nor the new one"
    fi
done
convert "$target" >/dev/null || fail "convert after the kills"
[ "$(partials)" = 0 ] || fail "the next convert left $(partials) partial files"

# A write that fails: exit code 4, one line, the old file, nothing beside it.
refused() { # WHAT, FOLDER, then the command
    local what=$1 folder=$2 message code
    shift 2
    echo old >"$folder/w.bin"
    message=$("$@" 2>&1 >/dev/null)
    code=$?
    echo "$what: exit $code, $message"
    [ "$code" = 4 ] && [ "$(grep -c '^error: ' <<<"$message")" = 1 ] || fail "$what: exit code 4 and one line needed"
    [ "$(cat "$folder/w.bin")" = old ] && [ "$(ls -A "$folder")" = w.bin ] || fail "$what: left $(ls -A "$folder")"
}
# .NET itself maps a file larger than the limit unless told not to.
limited() { (ulimit -f 64; DOTNET_EnableWriteXorExecute=0 exec_convert "$1"); }
mkdir "$work/small" "$work/limit"
if mount -t tmpfs -o size=100k tmpfs "$work/small" 2>/dev/null; then
    refused "full disk" "$work/small" convert "$work/small/w.bin"
else
    echo "full disk: skipped, a tmpfs needs root"
fi
refused "file size limit" "$work/limit" limited "$work/limit/w.bin"

echo "$kills kills: $during while a partial file was there, $leftovers with one left behind, $untouched old or none, $finished finished before"
echo "$failures failures"
[ "$failures" = 0 ]
