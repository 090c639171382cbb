#!/usr/bin/env bash
# The whole job from a script: compact JSON on stdout, the exit status is the error's number.
#
#   ./tidy.sh /path/to/videos          plan only
#   ./tidy.sh /path/to/videos apply    plan, then apply it
set -euo pipefail

library=$1
mode=${2:-plan}

call() { autodedup call "$1" "$2" --root "$library"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

call ingest '{}' >/dev/null
call find_duplicates '{"fields":["path","relation","confidence"]}'

plan=$(call plan_actions '{}')
echo "$plan"

if [ "$mode" = apply ]; then
  id=$(field plan <<<"$plan")
  digest=$(field digest <<<"$plan")
  call apply_plan "{\"plan\":\"$id\",\"digest\":\"$digest\"}"
  echo "to undo: autodedup call undo_plan '{\"plan\":\"$id\"}' --root '$library'" >&2
fi
