#!/bin/sh
# Hadal and llama.cpp on the same GGUF file, in alternation, with paired ratios.
#
#   bench/compare.sh -m FILE.gguf [-t 2] [-p 512] [-n 64] [-r 5] [-i 1] [-ub 512] [-- OPTIONS OF hadal bench]
#   bench/compare.sh -m FILE.gguf --logits TOKENS.json [-t 2] [-- OPTIONS OF hadal logits]
#
#   -t   threads of both                    -i   measured repetitions in a round, the median counts
#   -p   tokens of the prompt, 0 for none   -ub  tokens that llama.cpp and Hadal take at a time
#   -n   tokens to generate, 0 for none     -r   rounds
#
# A round is one process of each; who begins changes from round to round. Every process runs each test
# once for warming up before it measures.
#
#   LLAMA_LIB      folder with libllama, libggml and its backends; else they are fetched with npm
#   LLAMA_VERSION  version of the npm package @node-llama-cpp/linux-x64 (3.22.1, llama.cpp 0.5.0)
#   HADAL          how Hadal is started (./hadal)
set -eu

here=$(CDPATH='' cd "$(dirname "$0")" && pwd)
version=${LLAMA_VERSION:-3.22.1}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/hadal/llama.cpp-$version
hadal=${HADAL:-$here/../hadal}

model='' tokens='' threads=2 prompt=512 generate=64 rounds=5 repetitions=1 ubatch=512

usage() {
  echo "compare.sh: $1" >&2
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --) shift; break ;;
    -m | -t | -p | -n | -r | -i | -ub | --logits) [ $# -ge 2 ] || usage "$1 needs a value" ;;
    *) usage "unknown option $1" ;;
  esac
  case $1 in
    -m) model=$2 ;;
    -t) threads=$2 ;;
    -p) prompt=$2 ;;
    -n) generate=$2 ;;
    -r) rounds=$2 ;;
    -i) repetitions=$2 ;;
    -ub) ubatch=$2 ;;
    --logits) tokens=$2 ;;
  esac
  shift 2
done
[ -n "$model" ] || usage "which file? -m FILE.gguf"
[ -f "$model" ] || usage "$model: no such file"
for number in "$threads" "$prompt" "$generate" "$rounds" "$repetitions" "$ubatch"; do
  case $number in
    '' | *[!0-9]*) usage "'$number' is no number" ;;
  esac
done

# The libraries: a folder that was named, the cache, or npm.
fetch() {
  command -v npm >/dev/null || { echo "compare.sh: npm is missing; set LLAMA_LIB to a folder with libllama" >&2; exit 3; }
  mkdir -p "$cache"
  echo "fetching @node-llama-cpp/linux-x64@$version" >&2
  (cd "$cache" && npm pack --silent "@node-llama-cpp/linux-x64@$version" >/dev/null && tar xzf ./*.tgz && rm -f ./*.tgz)
}
lib=${LLAMA_LIB:-$cache/package/bins/linux-x64}
if [ -z "${LLAMA_LIB:-}" ] && [ ! -d "$lib" ]; then
  fetch
fi
library() {
  for file in "$lib/$1".so "$lib/$1".*so "$lib/$1".so.*; do
    if [ -f "$file" ]; then
      printf '%s\n' "$file"
      return
    fi
  done
  echo "compare.sh: $lib holds no $1" >&2
  exit 3
}
llama=$(library libllama)
ggml=$(library libggml)
base=$(library libggml-base)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
driver=$work/llama_bench
"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -o "$driver" "$here/llama_bench.c" \
  "$llama" "$ggml" "$base" -lm "-Wl,-rpath,$lib" -Wl,--allow-shlib-undefined
export LLAMA_BACKENDS="$lib"

if [ -n "$tokens" ]; then
  $hadal logits --model "$model" --threads "$threads" --tokens "$tokens" --out "$work/logits" -q "$@"
  exec "$driver" -m "$model" -t "$threads" --logits "$tokens" --against "$work/logits"
fi

run_llama() {
  "$driver" -m "$model" -t "$threads" -p "$prompt" -n "$generate" -r "$repetitions" -ub "$ubatch" -s "$1" \
    >"$work/llama" || exit 1
  for test in pp tg; do
    sed -n "s/.*\"$test\": {[^[]*\[\([^]]*\)\].*/\1/p" "$work/llama" | tr -d ' ' | tr ',' '\n' | median >"$work/llama.$test"
  done
}

run_hadal() {
  $hadal bench --model "$model" --threads "$threads" -p "$prompt" -n "$generate" -r "$repetitions" \
    --chunk "$ubatch" --json -q "$@" >"$work/hadal" || exit 1
  for test in pp tg; do
    # "test" comes before "samples"; the JSON is printed one value a line, or several.
    tr -d ' \n' <"$work/hadal" | tr '{' '\n' |
      sed -n "s/.*\"test\":\"$test[0-9]*\".*\"samples\":\[\([^]]*\)\].*/\1/p" | tr ',' '\n' | median >"$work/hadal.$test"
  done
  tr -d '\n' <"$work/hadal" |
    sed 's/.*"kernels" *: *"\([^"]*\)".*"mode" *: *"\([^"]*\)".*/\2, \1 kernels/' >"$work/mode"
}

median() {
  sort -g | awk 'NF { v[++n] = $1 } END { if (n) print n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2 }'
}

round=1
while [ "$round" -le "$rounds" ]; do
  if [ $((round % 2)) = 1 ]; then
    run_hadal "$@"
    run_llama "$round"
  else
    run_llama "$round"
    run_hadal "$@"
  fi
  for test in pp tg; do
    h=$(cat "$work/hadal.$test")
    l=$(cat "$work/llama.$test")
    if [ -n "$h" ] && [ -n "$l" ]; then
      echo "$h $l" >>"$work/$test"
      echo "round $round: $test hadal $h, llama.cpp $l tokens/s" >&2
    fi
  done
  round=$((round + 1))
done

echo "$(basename "$model"): Hadal ($(cat "$work/mode")) and llama.cpp, $threads threads, $ubatch tokens at a time,"
echo "$rounds rounds of $repetitions after a run for warming up in each process; median (least to most)"
echo
echo "| test | Hadal, tokens/s | llama.cpp, tokens/s | ratio |"
echo "| --- | --- | --- | --- |"
spread() {
  awk "{ print $1 }" "$2" | sort -g |
    awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
      printf "%.2f (%.2f to %.2f)", m, v[1], v[NR] }'
}
for test in pp tg; do
  if [ -f "$work/$test" ]; then
    name=$test$([ "$test" = pp ] && echo "$prompt" || echo "$generate")
    echo "| $name | $(spread '$1' "$work/$test") | $(spread '$2' "$work/$test") | $(spread '$1/$2' "$work/$test") |"
  fi
done
