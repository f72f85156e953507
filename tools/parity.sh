#!/usr/bin/env bash
# Prints how close mygpt-rt is to the reference of every fixture, as a markdown table: a row a fixture, a column a weight type. A cell has the
# largest difference of a logit, the mean KL divergence of a position in nats, the positions with the same argmax, the share of the reference's
# top 20 that is in ours, and the greedy tokens that came out the same; then the verdict where the type holds the checkpoint's values.
#   tools/parity.sh [FIXTURES] [TYPE...]      ../shared/fixtures and f32 bf16 q8 q4 unless given
# Needs jq. Exit code 1 when a fixture cannot be converted or verified, or an exact one fails.
set -uo pipefail
fixtures=$(realpath "${1:-$(dirname "$0")/../../shared/fixtures}")
cd "$(dirname "$0")/.." || exit
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

types=("${@:2}")
((${#types[@]} > 0)) || types=(f32 bf16 q8 q4)
[ -d "$fixtures" ] || { echo "error: no folder of fixtures, $fixtures" >&2; exit 1; }
command -v jq >/dev/null || { echo "error: jq is needed; install it (Debian: jq)" >&2; exit 1; }
dotnet build tools/mygpt-rt -c Release >/dev/null || { echo "error: tools/mygpt-rt does not build" >&2; exit 1; }
mygpt_rt() { dotnet tools/mygpt-rt/bin/Release/net10.0/mygpt-rt.dll "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# 1.23e-05 as 1.2e-05, null as infinite.
short='def short: if . == null then "infinite" elif . == 0 then "0" else
    (fabs | log10 | floor) as $e | (. / pow(10; $e) * 10 | round) as $m
    | (if $m == 100 then [10, $e + 1] else [$m, $e] end) as [$m, $e]
    | "\($m / 10 | floor).\($m % 10)e\(if $e < 0 then "-" else "+" end)\($e | fabs | if . < 10 then "0\(.)" else "\(.)" end)" end;'
figures=$short'
.total as $t
| "max \($t.max_abs_diff | short), KL \($t.kl_mean | short), argmax \($t.argmax_positions - $t.argmax_mismatches)/\($t.argmax_positions), "
    + "top 20 \($t.top20_share * 1000 | round / 10) %, greedy \([.greedy[].same_tokens] | add // 0)/\([.greedy[].tokens] | add // 0)"
    + (if .judged then (if .pass then ", **pass**" else ", **FAIL**" end) else "" end)'

row() { # NAME CHECKPOINT REFERENCE [CONVERT-OPTION...]
    local name=$1 checkpoint=$2 reference=$3 type cells="" limit="" code
    [ -e "$checkpoint" ] || { echo "| $name | not there |"; status=1; return; }
    for type in "${types[@]}"; do
        if ! mygpt_rt convert "$checkpoint" "$work/w.bin" --type "$type" --force "${@:4}" >/dev/null 2>"$work/error"; then
            cells+=" $(tail -n 1 "$work/error") |" status=1
            continue
        fi
        mygpt_rt verify "$work/w.bin" "$reference" --json >"$work/json" 2>"$work/error"
        code=$?
        if [ ! -s "$work/json" ]; then
            cells+=" $(tail -n 1 "$work/error") |" status=1
            continue
        fi
        # 5 without a verdict is what a narrower type gets.
        ((code == 0)) || jq -e '.judged | not' "$work/json" >/dev/null || status=1
        [ -n "$limit" ] || limit=$(jq -r "$short"'.total.limit // empty | short' "$work/json")
        cells+=" $(jq -r "$figures" "$work/json") |"
    done
    echo "| $name | ${limit:--} |$cells"
}

printf '| fixture | limit |'; printf ' %s |' "${types[@]}"; echo
printf '|---|---|'; printf -- '---|%.0s' "${types[@]}"; echo
fixture() { row "$1" "$fixtures/$1/$2" "$fixtures/$1/expected.json" "${@:3}"; }   # NAME FILE [CONVERT-OPTION...]
fixture nanogpt_char_nobias ckpt.pt
fixture nanogpt_char_bias_compiled ckpt.pt
fixture nanogpt_gpt2vocab ckpt.pt
fixture gpt104_tied ckpt.pt
fixture gpt104_untied_othernames ckpt.pt --activation gelu-erf
fixture mygpt_ch15_bare_state_dict trained_gpt.pt --heads 2
fixture mygpt_ch18_old_config ch18.ckpt
fixture mygpt_final_shakespeare shakespeare.ckpt
fixture mygpt_modern_bpe modern.ckpt
fixture microgpt_relu microgpt.json
fixture microgpt_relu2 microgpt.json
fixture hf_gpt2_char model.safetensors
fixture hf_gpt2_char_bf16 model.safetensors
fixture hf_gpt2_char_f16 model.safetensors
fixture hf_gpt2_vocab50257_f16 model.safetensors
fixture llmc_gpt2_tiny gpt2_tiny.bin
demo=$fixtures/../demo
[ ! -d "$demo" ] || row demo "$demo/ckpt.pt" "$demo/ref/expected.json"
exit "$status"
