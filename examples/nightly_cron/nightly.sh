#!/usr/bin/env bash
# Every night: exact copies go to the trash, everything else waits for a person.
#
#   ./nightly.sh /path/to/videos    for cron
#   ./nightly.sh                    on films of its own: two nights, and one with no disk
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

check() { [ "$2" = "$3" ] || { echo "$1: $2 in place of $3" >&2; exit 1; }; }

night() {
  export AUTODEDUP_ROOT=$1
  autodedup ingest --tiers exact # fingerprints of whole files: no picture is decoded
  autodedup find --kind exact >/dev/null # a plan is made from what was found last
  plan=$(autodedup plan)
  autodedup apply "$(field plan <<<"$plan")" --digest "$(field digest <<<"$plan")"
}

if [ $# -gt 0 ]; then
  set +e # and not `|| status=$?`: that would let the night go on after an error
  (set -e; night "$1")
  status=$?
  case $status in
    0) ;;
    2) echo "another run holds the library; tomorrow is another night" >&2 ;;
    6) echo "$1 is not there; is its disk mounted?" >&2 ;;
    *) echo "autodedup stopped with $status; the line above says why" >&2 ;;
  esac
  exit "$status"
fi

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
python3 "$here/../small_library.py" "$home/library"
first=$("$0" "$home/library" | tail -n 1)
check "applied the first night" "$(field done <<<"$first")" 1
[ -e "$home/library/film.webm" ] # the other encode waits for a person
second=$("$0" "$home/library" | tail -n 1)
check "applied the second night" "$(field done <<<"$second")" 0
mv "$home/library" "$home/unmounted"
status=0
"$0" "$home/library" >/dev/null 2>&1 || status=$?
check "the status without a disk" "$status" 6
echo "✔ one copy went the first night, none the second, and a missing disk was no alarm" >&2
