#!/bin/sh
# A shell script and a program in Node as one trace and one tree of tasks, and from any terminal:
#
#   otel-events serve &
#   sh examples/languages.sh
set -eu
here=$(dirname "$0")
. "$here/../languages/shell/otel-events.sh"

OTEL_SERVICE_NAME=${OTEL_SERVICE_NAME:-languages-example}
export OTEL_SERVICE_NAME

event_bind session_id="night-$(date +%s)" persona=librarian
task_begin collect folder="$here"
for file in "$here"/*.py; do
    event file.seen path="$file" bytes:="$(wc -c <"$file" | tr -d ' ')"
done
task_run count files:=1 -- wc -l "$here/pipeline.py"
if command -v node >/dev/null 2>&1; then node "$here/languages.mjs" "$here/pipeline.py"; fi
task_end
otel_events_flush 5 || echo "nobody listens; the events wait for the next run" >&2
