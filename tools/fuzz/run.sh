#!/usr/bin/env bash
# Mutated files for every reader: FUZZ_EXECUTIONS of them (10^7 unless set), then the figures. The seeds begin at FUZZ_SEED (1),
# FUZZ_READERS names some readers instead of all ("weights.bin,vocabulary"), FUZZ_THREADS says how many run at a time (all processors).
# One failure again, its files kept beside the report: FUZZ_REPLAY='READER:SEED' tools/fuzz/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
export FUZZ_EXECUTIONS=${FUZZ_EXECUTIONS:-10000000} FUZZ_REPORT=${FUZZ_REPORT:-${TMPDIR:-/tmp}/mygpt-fuzz.txt}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

test=Mutated_files_are_refused_in_good_form_or_can_be_used
[ -z "${FUZZ_REPLAY:-}" ] || test=Replay_one_execution
rm -f "$FUZZ_REPORT" "$FUZZ_REPORT".*
status=0
dotnet test Runtime.Tests -c Release --filter "FullyQualifiedName~FuzzTests.$test" --logger "console;verbosity=detailed" || status=$?
[ ! -f "$FUZZ_REPORT" ] || echo "figures in $FUZZ_REPORT, every kind of error in $FUZZ_REPORT.kinds"
exit "$status"
