#!/bin/sh
# Makes a release of a finished build (./mvnw -pl cli -am package): an archive whose bytes depend on
# its content only, the bill of materials, checksums, and with a key a signature of these.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
built=$root/cli/target/dist
pinned=$root/scripts/dependencies.sha256
key=
pin=

usage() {
  echo "usage: release.sh [--build DIR] [--pinned FILE] [--key ED25519.pem] OUT | --pin" >&2
  exit 64
}

while [ $# -gt 0 ]; do
  case $1 in
    --build) [ $# -gt 1 ] || usage; built=$2; shift ;;
    --pinned) [ $# -gt 1 ] || usage; pinned=$2; shift ;;
    --key) [ $# -gt 1 ] || usage; key=$2; shift ;;
    --pin) pin=1 ;;
    -*) usage ;;
    *) break ;;
  esac
  shift
done

if [ ! -d "$built/lib" ] || [ ! -f "$built/bom.json" ]; then
  echo "release: nothing is built in $built; run ./mvnw -pl cli -am package" >&2
  exit 66
fi

# Checksums of the libraries of others, in one order everywhere.
libraries() {
  (cd "$built/lib" && LC_ALL=C && export LC_ALL && for jar in *.jar; do
    case $jar in hadal-*) ;; *) sha256sum "$jar" ;; esac
  done)
}

if [ -n "$pin" ]; then
  libraries >"$pinned"
  exit
fi
[ $# -eq 1 ] || usage
out=$1

if ! libraries | diff "$pinned" - >&2; then
  echo "release: libraries differ from $pinned; when that is meant, release.sh --pin" >&2
  exit 65
fi

version=$(cd "$built/lib" && ls hadal-cli-*.jar | sed 's/^hadal-cli-//; s/\.jar$//')
time=$(sed -n 's:.*<project.build.outputTimestamp>\(.*\)</project.*:\1:p' "$root/pom.xml")
name=hadal-$version
mkdir -p "$out"
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
mkdir -p "$staged/$name/dist" "$staged/$name/scripts"
cp "$root/hadal" "$root/LICENSE" "$root/NOTICE" "$staged/$name"
cp "$root/scripts/find-jdk.sh" "$root/scripts/locale.sh" "$staged/$name/scripts"
cp -R "$built/lib" "$built/bom.json" "$staged/$name/dist"
: >"$staged/$name/dist/built"
tar --format=ustar --sort=name --mtime="$time" --owner=0 --group=0 --numeric-owner \
  --mode=u+rwX,go+rX,go-w -C "$staged" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
cp "$built/bom.json" "$out/$name.bom.json"
(cd "$out" && sha256sum "$name.bom.json" "$name.tar.gz" >SHA256SUMS)
if [ -n "$key" ]; then
  openssl pkeyutl -sign -rawin -inkey "$key" -in "$out/SHA256SUMS" -out "$out/SHA256SUMS.sig"
fi
