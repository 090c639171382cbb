#!/usr/bin/env bash
# The whole job from a script: compact JSON on stdout, the exit status is the error's number.
#
#   ./tidy.sh /path/to/videos          plan only
#   ./tidy.sh /path/to/videos apply    plan, then apply it
#   ./tidy.sh                          on films of its own: apply, undo, check that all is back
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

call() { autodedup call "$1" "$2" --root "$library"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

tidy() {
  call ingest '{}' >/dev/null
  call find_duplicates '{"fields":["path","relation","confidence"]}'
  plan=$(call plan_actions '{}')
  echo "$plan"
  id=$(field plan <<<"$plan")
  [ "$1" = apply ] || return 0
  call apply_plan "{\"plan\":\"$id\",\"digest\":\"$(field digest <<<"$plan")\"}"
  echo "to undo: autodedup call undo_plan '{\"plan\":\"$id\"}' --root '$library'" >&2
}

if [ $# -gt 0 ]; then
  library=$1
  tidy "${2:-plan}"
  exit
fi

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
library=$home/library
python3 "$here/../small_library.py" "$library"
before=$(cd "$library" && cksum -- *.mp4 *.webm)
tidy apply
[ "$(find "$library/__TRASH_BIN__" -type f | wc -l)" -eq 2 ]
call undo_plan "{\"plan\":\"$id\"}" >/dev/null
[ "$before" = "$(cd "$library" && cksum -- *.mp4 *.webm)" ]
status=0
call undo_plan '{"plan":"p999"}' >/dev/null || status=$?
[ "$status" -eq 12 ] # PLAN_NOT_FOUND
echo "✔ two copies were set aside and put back, byte for byte" >&2
