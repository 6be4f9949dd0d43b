#!/bin/sh
# Compiles the optional native kernels (kernels/src/main/c) to the library that is part of the jar.
#
#   scripts/build-native.sh [--if-changed] [OUTPUT]
#
# OUTPUT is by default the prebuilt library among the resources; commit it with its sources.
# --if-changed does nothing when OUTPUT was made from the same sources, or there is no C compiler.
# CC names the compiler, by default cc. No flag depends on the machine that compiles.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
source=$root/kernels/src/main/c
if_changed=0
if [ "${1:-}" = --if-changed ]; then
  if_changed=1
  shift
fi
output=${1:-$root/kernels/src/main/resources/io/hadal/kernels/native/linux-x86_64/libhadal.so}
cc=${CC:-cc}

# The same hash as in NativeLibraryTest: of all files, by name.
cd "$source"
export LC_ALL=C
version=$(cat ./*.[ch] | sha256sum | cut -c 1-16)
if [ $if_changed = 1 ]; then
  if [ -f "$output" ] && grep -q "hadal-$version" "$output"; then
    exit 0
  fi
  if [ "$(uname -sm)" != "Linux x86_64" ] || ! command -v "$cc" >/dev/null 2>&1; then
    exit 0
  fi
fi

objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
pids=
for file in *.c; do
  "$cc" -std=gnu11 -O3 -Wall -Wextra -fPIC -fvisibility=hidden -ffp-contract=off \
    -DHADAL_VERSION="\"hadal-$version\"" -c "$file" -o "$objects/${file%.c}.o" &
  pids="$pids $!"
done
for pid in $pids; do
  wait "$pid"
done
"$cc" -shared -s -Wl,--no-undefined -Wl,--build-id=none -o "$objects/libhadal.so" "$objects"/*.o
mkdir -p "$(dirname "$output")"
mv "$objects/libhadal.so" "$output.part"
chmod 644 "$output.part"
mv "$output.part" "$output"
echo "hadal-$version: $output"
