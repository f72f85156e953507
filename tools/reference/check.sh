#!/usr/bin/env bash
# Dumps a reference of every fixture checkpoint of the four families with PyTorch, and holds it against two others: the numbers that were
# recorded with the fixture by the tutorials' own code, and mygpt-rt, which converts the same checkpoint and verifies it operation by
# operation. Then runs two examples of a model class of one's own, and the tests of the scripts. One line each, then a summary; exit code 1
# when anything differs.
#   tools/reference/check.sh [FIXTURES]      the folder of fixtures, ../shared/fixtures unless given; PYTHON=... for another Python
set -uo pipefail
fixtures=$(realpath "${1:-$(dirname "$0")/../../../shared/fixtures}")
cd "$(dirname "$0")/../.." || exit
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 PYTHONDONTWRITEBYTECODE=1
stop() { echo "error: $*" >&2; exit 1; }

python=
for candidate in ${PYTHON:-python3 /usr/bin/python3}; do
    if "$candidate" -c 'import numpy, torch' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || stop "no Python with PyTorch and NumPy; install them (Debian: python3-torch), or say where they are with PYTHON=..."
[ -d "$fixtures" ] || stop "no folder of fixtures, $fixtures"
dotnet build tools/mygpt-rt -c Release >/dev/null || stop "tools/mygpt-rt does not build"
mygpt_rt() { dotnet tools/mygpt-rt/bin/Release/net10.0/mygpt-rt.dll "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$python" -c 'import platform, torch; print("PyTorch", torch.__version__, "Python", platform.python_version())'

checked=0 failed=0
verdict='import json, sys
found = json.load(sys.stdin)
total, steps = found["total"], found["layers"]["operations"]
diverging = sum(step["diverges"] for step in steps)
print("; mygpt-rt: %.1e of %.1e, %d operations, %d diverge: %s" % (total["max_abs_diff"], total["limit"], len(steps), diverging,
                                                                   "PASS" if found["pass"] else "FAIL"))'
report() { # NAME STATUS FIGURES
    checked=$((checked + 1))
    local word=ok
    (($2 == 0)) || { failed=$((failed + 1)); word=FAILED; }
    printf '%-6s %-54s %s%s\n' "$word" "$1" "$3" "$( (($2 == 0)) || tail -n 1 "$work/errors")"
}
# The options of convert come first, then -- and those of dump.py. The fixtures are trusted: PyTorch 1.13 loads no floating-point
# numbers as weights only, so that no checkpoint with a learning rate in it gets through.
check() { # FIXTURE FILE [CONVERT-OPTION...] [-- DUMP-OPTION...]
    local name=$1/$2 recorded=$fixtures/$1/expected.json checkpoint=$fixtures/$1/$2 out=$work/$1-$2 figures status=0
    local -a options=()
    shift 2
    while (($# > 0)) && [ "$1" != -- ]; do options+=("$1"); shift; done
    figures=$({
        "$python" tools/reference/dump.py "$checkpoint" --like "$recorded" --hidden --out "$out" "${@:2}" >"$work/said" &&
        "$python" tools/reference/compare.py "$recorded" "$out/reference.json" &&
        mygpt_rt convert "$checkpoint" "$out/weights.bin" ${options[@]+"${options[@]}"} --json >"$work/said" &&
        mygpt_rt verify "$out/weights.bin" "$out/reference.json" --layers --json >"$out/verified.json"
    } 2>"$work/errors") || status=1
    [ ! -s "$out/verified.json" ] || figures+=$("$python" -c "$verdict" <"$out/verified.json")
    report "$name" "$status" "$figures"
}
# Hooks on the modules of a class against the forward pass that is written out.
check_own() { # FIXTURE FILE
    local plain=$work/$1-$2/reference.json figures status=0
    figures=$({
        "$python" tools/reference/dump.py "$fixtures/$1/$2" --like "$plain" --hidden --out "$work/own" --own example_model \
            --trust-pickle >"$work/said" &&
        "$python" tools/reference/compare.py "$plain" "$work/own/reference.json"
    } 2>"$work/errors") || status=1
    report "$1/$2 --own example_model" "$status" "$figures"
}

# A class that no part of the four families is in: a head a module. Its checkpoint is a bare state dict of random numbers.
check_lecture() {
    local out=$work/lecture figures status=0
    mkdir "$out"
    figures=$({
        "$python" tools/reference/example_lecture.py "$out/lecture.pt" &&
        "$python" tools/reference/dump.py "$out/lecture.pt" --own example_lecture:LectureGpt --ids "$(seq -s , 5 28)" --ids 0,3 --greedy 40 \
            --hidden --out "$out" >"$work/said" &&
        sed -n 's/^hidden states: //p' "$work/said" &&
        mygpt_rt convert "$out/lecture.pt" "$out/weights.bin" --json >"$work/said" &&
        mygpt_rt verify "$out/weights.bin" "$out/reference.json" --layers --json >"$out/verified.json"
    } 2>"$work/errors") || status=1
    [ ! -s "$out/verified.json" ] || figures+=$("$python" -c "$verdict" <"$out/verified.json")
    report "--own example_lecture:LectureGpt" "$status" "$figures"
}
check_scripts() {
    local status=0
    "$python" -m unittest discover -s tools/reference 2>"$work/errors" || status=1
    report "unit tests" "$status" "$(sed -n 's/^Ran \([0-9]* tests\) .*/\1/p' "$work/errors")"
}

check nanogpt_char_nobias ckpt.pt -- --trust-pickle
check nanogpt_char_bias_compiled ckpt.pt -- --trust-pickle
check nanogpt_gpt2vocab ckpt.pt -- --trust-pickle
check gpt104_tied ckpt.pt -- --trust-pickle --activation gelu-tanh
check gpt104_untied_othernames ckpt.pt --activation gelu-erf -- --trust-pickle --activation gelu-erf
check mygpt_ch15_bare_state_dict trained_gpt.pt --heads 2 -- --heads 2
check mygpt_ch18_old_config ch18.ckpt
check mygpt_final_shakespeare shakespeare.ckpt
check mygpt_modern_bpe modern.ckpt
check hf_gpt2_char model.safetensors
check hf_gpt2_char model_noprefix_with_attn_bias.safetensors
check hf_gpt2_char pytorch_model.bin
check hf_gpt2_char_bf16 model.safetensors
check hf_gpt2_char_f16 pytorch_model.bin
check hf_gpt2_vocab50257_f16 model.safetensors
check_own gpt104_tied ckpt.pt
check_lecture
check_scripts

echo "$checked checked, $failed failed"
((failed == 0))
