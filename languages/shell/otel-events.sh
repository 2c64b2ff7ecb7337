# shellcheck shell=sh
# otel-events.sh: say what happens in a shell script, as events of OpenTelemetry. Source it, in any POSIX shell:
#
#   . ./otel-events.sh
#   event evidence.added source=paper.pdf quality:=0.82          # key=text, key:=JSON; -m MESSAGE, -s SEVERITY first
#   task_begin draft task_id=t-1 && ...; task_end quality:=0.9   # a span; `task_end 3` says that it failed
#   task_run backup keep:=7 -- rsync -a src/ dst/                    # a command as a task, with its exit code
#   event_bind persona=thesis cycle=42                           # on every event from here on, and of programs begun here
#   otel_events_flush 5                                          # wait (5 s) until all is sent; 1 if it could not be
#
# Each event is a file in a private folder before its call returns; a process in the background sends it by curl or wget
# (OTLP/HTTP, JSON), and what it cannot send the next call does. A script never fails by it, and waits for no network.
# Settings: OTEL_EXPORTER_OTLP_[LOGS_|TRACES_]ENDPOINT, _HEADERS, _TIMEOUT, _CERTIFICATE, OTEL_SERVICE_NAME,
# OTEL_RESOURCE_ATTRIBUTES, OTEL_SDK_DISABLED, OTEL_LOGS_EXPORTER=none, OTEL_TRACES_EXPORTER=none, TRACEPARENT, BAGGAGE.
# Needs awk, od, date. docs/languages.md says more.
# Put together from languages/shell/parts by tools/generate_languages.py: change it there.

# -- what scripts call: in the script's own shell, under whatever options it has set -------------------------------

event() {
    if _oe_is_on; then (_oe_calm && _oe_event "$@") || :; fi
}

event_bind() {
    _oe_is_on || return 0
    _oe_out=$(_oe_calm && _oe_make bind "$@") || _oe_out=
    if [ -n "$_oe_out" ]; then export BAGGAGE="$_oe_out"; fi
}

task_begin() {
    _oe_is_on || return 0
    _oe_watch || :
    _oe_out=$(_oe_calm && _oe_begin "$@") || _oe_out=
    # Each open task is three lines: its state, and what TRACEPARENT and BAGGAGE were before.
    _oe_tasks="${_oe_out##*"$_oe_nl"}$_oe_nl${TRACEPARENT-}$_oe_nl${BAGGAGE-}$_oe_nl${_oe_tasks-}"
    case $_oe_out in
        *"$_oe_nl"*"$_oe_nl"*)
            export TRACEPARENT="${_oe_out%%"$_oe_nl"*}"
            _oe_out=${_oe_out#*"$_oe_nl"}
            export BAGGAGE="${_oe_out%%"$_oe_nl"*}" ;;
    esac
}

task_end() {
    if [ -z "${_oe_tasks-}" ]; then
        if _oe_is_on; then (echo 'otel-events: task_end: no task is open' >&2) || :; fi # zsh ends where that is closed
        return 0
    fi
    if _oe_is_on; then (_oe_calm && _oe_end "${_oe_tasks%%"$_oe_nl"*}" "$@") || :; fi
    _oe_tasks=${_oe_tasks#*"$_oe_nl"}
    export TRACEPARENT="${_oe_tasks%%"$_oe_nl"*}"
    _oe_tasks=${_oe_tasks#*"$_oe_nl"}
    export BAGGAGE="${_oe_tasks%%"$_oe_nl"*}"
    _oe_tasks=${_oe_tasks#*"$_oe_nl"}
    if [ -z "$TRACEPARENT" ]; then unset TRACEPARENT; fi
    if [ -z "$BAGGAGE" ]; then unset BAGGAGE; fi
    return 0
}

# Run what follows `--` as a task and return its exit code. Not `task`: scripts know other programs of that name.
task_run() {
    _oe_count=0
    for _oe_word in "$@"; do
        if [ "$_oe_word" = -- ]; then break; fi
        _oe_count=$((_oe_count + 1))
    done
    if [ "$_oe_count" -ge "$#" ]; then
        echo 'otel-events: usage: task_run NAME [KEY=TEXT]... -- COMMAND [ARGUMENT]...' >&2
        return 2
    fi
    # The words before `--` go round to the end, from where the task takes them.
    _oe_words=$_oe_count
    while [ "$_oe_words" -gt 0 ]; do
        set -- "$@" "$1"
        shift
        _oe_words=$((_oe_words - 1))
    done
    shift
    _oe_run "$_oe_count" "$@"
}

# End all open tasks, with the exit code $1: for a script's own EXIT trap, where it has one.
otel_events_exit() {
    while [ -n "${_oe_tasks-}" ]; do task_end "${1:-0}"; done
}

otel_events_flush() {
    if ! _oe_is_on; then return 0; fi
    (_oe_calm && _oe_flush "${1:-2}")
}

# -- tasks -----------------------------------------------------------------------------------------------------------

_oe_run() {
    # $1 words of the task stand at the end, the command before them.
    _oe_at=$(($# - $1))
    _oe_mine='' _oe_theirs='' _oe_word=1
    while [ "$_oe_word" -lt "$#" ]; do
        _oe_word=$((_oe_word + 1))
        if [ "$_oe_word" -gt "$_oe_at" ]; then
            _oe_mine="$_oe_mine \"\${$_oe_word}\""
        else
            _oe_theirs="$_oe_theirs \"\${$_oe_word}\""
        fi
    done
    eval "task_begin $_oe_mine" # only "${2}" "${3}" ..., so nothing of the words themselves is evaluated
    if eval "$_oe_theirs"; then _oe_code=0; else _oe_code=$?; fi
    task_end "$_oe_code"
    return "$_oe_code"
}

_oe_begin() {
    _oe_made=$(_oe_make begin "$@") || return 0
    _oe_keep "${_oe_made%%"$_oe_nl"*}"
    _oe_made=${_oe_made#*"$_oe_nl"}
    # Copies of its events are gathered for its span, in a file, so that subshells add to it too.
    mkdir -p "$_oe_home" 2>/dev/null
    _oe_span=${_oe_made##*"$_oe_nl"}
    { printf '%s\n' "${_oe_made%%"$_oe_nl"*}" >"$_oe_home/${_oe_span%%"$_oe_tab"*}.events"; } 2>/dev/null
    _oe_made=${_oe_made#*"$_oe_nl"}
    printf '%s' "$_oe_made"
    _oe_send_soon
}

_oe_end() {
    _oe_state=$1
    shift
    case ${1-} in '' | *[!0-9]*) _oe_code=0 ;; *) _oe_code=$1 && shift ;; esac
    _oe_span=${_oe_state%%"$_oe_tab"*}
    _oe_notes=
    if [ -f "$_oe_home/$_oe_span.events" ]; then
        _oe_notes=$(tail -n 127 "$_oe_home/$_oe_span.events")
        rm -f "$_oe_home/$_oe_span.events"
    fi
    _oe_made=$(_oe_make end "$_oe_state" "$_oe_code" "$_oe_notes" "$@") || return 0
    _oe_keep "${_oe_made%%"$_oe_nl"*}"
    _oe_keep "${_oe_made#*"$_oe_nl"}"
    _oe_send_soon
}

# Have the shell's end close the tasks that are open then. A trap that the script has set already stays as it is.
_oe_watch() {
    case ${_oe_watched-} in yes) return 0 ;; esac
    _oe_watched=yes
    # Else zsh takes a function's trap for EXIT as one for the function's end.
    if [ -n "${ZSH_VERSION-}" ]; then eval 'setopt localoptions posixtraps'; fi
    _oe_traps=$_oe_home/traps.$$
    mkdir -p "$_oe_home" 2>/dev/null || return 0
    { trap >|"$_oe_traps"; } 2>/dev/null || return 0 # a file, since a subshell has traps of its own
    if ! grep -q EXIT "$_oe_traps" 2>/dev/null; then trap '_oe_leave' EXIT; fi
    case $- in
        *i*) ;;
        *) if ! grep -q INT "$_oe_traps" 2>/dev/null; then trap '_oe_interrupted' INT; fi ;;
    esac
    rm -f "$_oe_traps" || :
    # What a task that was killed has left.
    find "$_oe_home" -name '*.events' -mtime +7 -exec rm -f {} \; 2>/dev/null || :
}

_oe_leave() {
    otel_events_exit "$?"
}

# Say it, and then die of the signal, as whoever called the script may want to know.
_oe_interrupted() {
    otel_events_exit 130
    trap - INT EXIT
    exec sh -c 'kill -s INT "$$"; exit 130'
}

# -- one event -------------------------------------------------------------------------------------------------------

_oe_is_on() {
    case ${OTEL_SDK_DISABLED-} in [Tt][Rr][Uu][Ee]) return 1 ;; esac
    [ -n "$_oe_home" ]
}

# For subshells: options, aliases and separators as this file expects them, whatever the script has set.
_oe_calm() {
    { set +Ceufvx; } 2>/dev/null
    if [ -n "${ZSH_VERSION-}" ]; then emulate sh; fi
    IFS=' 	
'
    umask 077
    LC_ALL=C
    export LC_ALL
    unset CDPATH
}

_oe_event() {
    _oe_made=$(_oe_make event "$@") || return 0
    if [ -z "$_oe_made" ]; then return 0; fi
    _oe_span=${TRACEPARENT-}
    _oe_span=${_oe_span#*-*-}
    _oe_span=${_oe_span%%-*}
    # Of a task that a shell began: a copy for its span.
    if [ -f "$_oe_home/$_oe_span.events" ]; then
        printf '%s\n' "${_oe_made#*"$_oe_nl"}" >>"$_oe_home/$_oe_span.events"
    fi
    _oe_keep "${_oe_made%%"$_oe_nl"*}"
    _oe_send_soon
}

# Print nanoseconds since 1970.
_oe_now() {
    # shellcheck disable=SC3028 # bash's and zsh's; empty elsewhere
    _oe_time=${EPOCHREALTIME-}
    case $_oe_time in
        *[.,]??????)
            echo "${_oe_time%[.,]*}${_oe_time#*[.,]}000"
            return 0 ;;
    esac
    _oe_time=$(date +%s%N)
    case $_oe_time in
        '' | *[!0-9]*) echo "$(date +%s)000000000" ;;
        ??????????????????*) echo "$_oe_time" ;;
        *) echo "${_oe_time}000000000" ;; # a date that knows no nanoseconds and says nothing of it
    esac
}

# Let awk make JSON of bytes: first random ones for ids, then texts that a zero ends.
_oe_make() {
    _oe_mode=$1
    shift
    {
        od -An -v -tu1 -N48 /dev/urandom
        printf '%s\0' "$_oe_mode" "$(_oe_now)" "${OTEL_SERVICE_NAME-}" "${OTEL_RESOURCE_ATTRIBUTES-}" \
            "$_oe_instance" "${0##*/}" "${TRACEPARENT-}" "${BAGGAGE-}" "$@" | od -An -v -tu1
    } 2>/dev/null | awk "$_oe_awk"
}

# -- files that wait, and who sends them -----------------------------------------------------------------------------

# Keep "logs JSON" or "traces JSON" in a file of its own. It ends in a newline once it is whole.
_oe_keep() {
    case $1 in
        logs*) if [ "${OTEL_LOGS_EXPORTER-}" = none ]; then return 0; fi ;;
        traces*) if [ "${OTEL_TRACES_EXPORTER-}" = none ]; then return 0; fi ;;
        *) return 0 ;;
    esac
    _oe_where "${1%% *}"
    [ -d "$_oe_dir" ] || mkdir -p "$_oe_dir" 2>/dev/null || return 0
    _oe_name=${1#* }
    { printf '%s\n' "${_oe_name#* }" >"$_oe_dir/${_oe_name%% *}.json"; } 2>/dev/null
}

# Set where a signal goes: its address and the folder of what waits for it.
_oe_where() {
    _oe_url=${OTEL_EXPORTER_OTLP_ENDPOINT:-http://localhost:4318}
    _oe_url=${_oe_url%/}/v1/$1
    case $1 in
        logs) _oe_list=resourceLogs _oe_url=${OTEL_EXPORTER_OTLP_LOGS_ENDPOINT:-$_oe_url} ;;
        traces) _oe_list=resourceSpans _oe_url=${OTEL_EXPORTER_OTLP_TRACES_ENDPOINT:-$_oe_url} ;;
    esac
    # The folder has the address for its name, without what an address may hold of names and passwords.
    _oe_left=${_oe_url#*://}
    case ${_oe_left%%/*} in *@*) _oe_left=${_oe_left#*@} ;; esac
    _oe_dir=$_oe_home/$1
    while [ -n "$_oe_left" ]; do
        _oe_dir=$_oe_dir-${_oe_left%%[!a-zA-Z0-9.]*}
        case $_oe_left in
            *[!a-zA-Z0-9.]*) _oe_left=${_oe_left#*[!a-zA-Z0-9.]} ;;
            *) _oe_left= ;;
        esac
    done
}

# Begin a sender in the background, unless one is at work. It holds nothing of the script's: no file, no terminal.
_oe_send_soon() {
    for _oe_signal in logs traces; do
        _oe_where "$_oe_signal"
        if [ -d "$_oe_dir" ] && ! _oe_is_sending; then
            # By exec: shells keep a copy of what they redirect for one command alone.
            (
                exec </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
                _oe_send 1 &
            )
        fi
    done
}

_oe_is_sending() {
    _oe_pid=
    { read -r _oe_pid <"$_oe_dir/sender/pid"; } 2>/dev/null || return 1
    [ -n "$_oe_pid" ] || return 1
    kill -0 "$_oe_pid" 2>/dev/null
}

# Send what waits in $_oe_dir, as long as it is taken; where it is not, hold the place for $1 more seconds.
_oe_send() {
    cd "$_oe_dir" 2>/dev/null || return 0
    _oe_again=
    while set -- "$1" *.json && [ -f "$2" ]; do
        if ! mkdir sender 2>/dev/null; then
            # Another one is at work, or was killed.
            if _oe_is_sending; then return 1; fi
            if [ -z "$_oe_pid" ] && [ -z "$(find sender -prune -mmin +1 2>/dev/null)" ]; then return 1; fi
            # One that ended between the two looks has looked again itself, and the place may be another's by now.
            _oe_gone=$_oe_pid
            if _oe_is_sending || [ "$_oe_pid" != "$_oe_gone" ]; then return 1; fi
            rm -rf sender
            continue
        fi
        # shellcheck disable=SC2016 # the inner shell's parent is this one
        (exec sh -c 'echo "$PPID"') >sender/pid
        if _oe_send_all; then rm -rf sender
        elif [ "$_oe_status" = half ]; then
            # Who was in the middle of it has begun no sender, for we were at work. Once more, no oftener: it may be torn.
            _oe_forget_oldest
            rm -rf sender
            if [ -n "$_oe_again" ]; then return 1; fi
            _oe_again=yes
            sleep "$1"
        else
            _oe_forget_oldest
            sleep "$1"
            rm -rf sender
            return 1
        fi
        # What came while the place was being left has begun no sender: look again.
    done
}

_oe_send_all() {
    _oe_most=200
    while set -- *.json && [ -f "$1" ]; do
        # Whole lines only: one that is not is being written, or whoever wrote it was killed.
        awk -v most="$_oe_most" -v list="$_oe_list" '
            BEGIN { printf "{\"%s\":[", list }
            /\}\]\}\]\}$/ { printf "%s%s", count++ ? "," : "", $0; size += length($0); print FILENAME >"sender/names" }
            count >= most || size > 1000000 { exit }
            END { print "]}"; if (!count) exit 1 }' "$@" >sender/request || { _oe_status=half && return 1; }
        _oe_post
        case $_oe_status in
            2??) xargs rm -f <sender/names || return 1 ;;
            400 | 413 | 415 | 422)
                # Something in there is not understood, and will not be later: find out what, and let the rest go.
                if [ "$_oe_most" = 1 ]; then xargs rm -f <sender/names && echo 1 >>refused; fi
                _oe_most=1 ;;
            *) return 1 ;;
        esac
    done
}

# Post the request; sets _oe_status to HTTP's, 000 if there was no answer. Headers stand in a file, for `ps` shows
# arguments to everybody.
_oe_post() {
    _oe_status=000
    case ${OTEL_EXPORTER_OTLP_TIMEOUT-} in
        '' | *[!0-9]* | ????????*) _oe_seconds=10 ;;
        *) _oe_seconds=$((OTEL_EXPORTER_OTLP_TIMEOUT / 1000)) ;;
    esac
    [ "$_oe_seconds" -gt 0 ] || _oe_seconds=1
    _oe_settings=sender/settings
    if command -v curl >/dev/null 2>&1; then
        {
            _oe_headers 'header = "' '"'
            if [ -n "${OTEL_EXPORTER_OTLP_CERTIFICATE-}" ]; then echo "cacert = \"$OTEL_EXPORTER_OTLP_CERTIFICATE\""; fi
        } >"$_oe_settings"
        _oe_status=$(curl -q -s -o /dev/null -w '%{http_code}' --connect-timeout 2 --max-time "$_oe_seconds" \
            -K "$_oe_settings" -H 'Content-Type: application/json' -H 'Expect:' --data-binary "@sender/request" \
            "$_oe_url")
    elif command -v wget >/dev/null 2>&1; then
        _oe_answer=$(_oe_post_by_wget 2>&1) && _oe_status=200
        # BusyBox's says nothing of an answer that is fine.
        if [ "$_oe_status" = 000 ]; then
            _oe_status=$(printf '%s\n' "$_oe_answer" | awk '
                match($0, /HTTP\/[0-9.]+ [0-9][0-9][0-9]/) { s = substr($0, RSTART + RLENGTH - 3, 3) } END { print s }')
        fi
    fi
}

_oe_post_by_wget() {
    _oe_headers 'header = ' '' >"$_oe_settings"
    if [ -n "${OTEL_EXPORTER_OTLP_CERTIFICATE-}" ]; then
        echo "ca_certificate = $OTEL_EXPORTER_OTLP_CERTIFICATE" >>"$_oe_settings"
    fi
    set -- -S -O /dev/null --header 'Content-Type: application/json' --post-file sender/request
    case $(wget --help 2>&1) in
        *BusyBox*)
            # It has no file of settings, and knows no time-out in every build.
            while IFS= read -r _oe_line; do set -- "$@" --header "${_oe_line#header = }"; done <"$_oe_settings"
            if command -v timeout >/dev/null 2>&1; then timeout "$_oe_seconds" wget "$@" "$_oe_url"; else
                wget "$@" "$_oe_url"
            fi ;;
        # Where a redirect leads it would ask for a page, and take that for the answer.
        *) WGETRC=$_oe_settings wget --max-redirect=0 -t 1 -T "$_oe_seconds" "$@" "$_oe_url" ;;
    esac
}

_oe_headers() {
    for _oe_given in "${OTEL_EXPORTER_OTLP_HEADERS-}" "$(
        case $_oe_list in
            resourceLogs) printf %s "${OTEL_EXPORTER_OTLP_LOGS_HEADERS-}" ;;
            *) printf %s "${OTEL_EXPORTER_OTLP_TRACES_HEADERS-}" ;;
        esac
    )"; do
        printf '%s' "$_oe_given" | od -An -v -tu1 | awk -v before="$1" -v after="$2" "$_oe_awk"
    done
}

# Nothing waits for ever: of more than 10,000 files the oldest go, and whatever is older than seven days.
_oe_forget_oldest() {
    find . -name '*.json' -mtime +7 -exec rm -f {} \; 2>/dev/null
    set -- *.json
    if [ "$#" -le 10000 ]; then return 0; fi
    _oe_count=$(($# - 10000))
    echo "$_oe_count" >>dropped
    while [ "$_oe_count" -gt 0 ]; do
        rm -f "$1"
        shift
        _oe_count=$((_oe_count - 1))
    done
}

_oe_flush() {
    _oe_end=$(($(date +%s) + $1))
    while :; do
        _oe_waiting=
        for _oe_signal in logs traces; do
            _oe_where "$_oe_signal"
            (_oe_send 0) </dev/null >/dev/null 2>&1
            for _oe_file in "$_oe_dir"/*.json; do if [ -f "$_oe_file" ]; then _oe_waiting=yes; fi; done
        done
        if [ -z "$_oe_waiting" ]; then return 0; fi
        if [ "$(date +%s)" -ge "$_oe_end" ]; then return 1; fi
        sleep 0.2 2>/dev/null || sleep 1
    done
}

# -- as it is sourced ------------------------------------------------------------------------------------------------

_oe_nl='
'
_oe_tab='	'
# Without a home there is no place for what waits, and nothing is said.
_oe_home=${XDG_STATE_HOME:-${HOME:+$HOME/.local/state}}
_oe_home=${_oe_home:+$_oe_home/otel-events/shell}
_oe_tasks='' _oe_watched=''
# A sender that a power cut has ended may have left the number of what is another process today.
if [ -n "$_oe_home" ] && [ -d "$_oe_home" ]; then
    find "$_oe_home" -name sender -mmin +10 -prune -exec rm -rf {} \; 2>/dev/null || :
fi
_oe_instance=$(od -An -v -tx1 -N16 /dev/urandom 2>/dev/null | tr -d ' \n') || _oe_instance=

# shellcheck disable=SC2016 # awk's
_oe_awk='
# What surrounds an event, and its attributes.

# -- what surrounds the event ----------------------------------------------------------------------------------------

function read_parent(text, part) {
    trace_id = span_id = ""
    flags = 1
    if (tolower(text) !~ /^[0-9a-f][0-9a-f]-[0-9a-f]+-[0-9a-f]+-[0-9a-f][0-9a-f]/) return
    split(tolower(text), part, "-")
    if (length(part[2]) != 32 || length(part[3]) != 16 || part[2] ~ /^0+$/ || part[3] ~ /^0+$/ || part[1] == "ff") return
    trace_id = part[2]; span_id = part[3]; flags = hex(substr(part[4], 2, 1)) % 2
}

# Take the correlation attributes out of W3C baggage, as propagation.py does; `others` keeps the rest for those after us.
function read_baggage(text, entries, n, i, at, key, value) {
    others = ""
    if (length(text) > 8192) return
    n = split(text, entries, ",")
    for (i = 1; i <= n && i <= 64; i++) {
        value = entries[i]
        sub(/;.*/, "", value)
        at = index(value, "=")
        key = trim(substr(value, 1, at - 1)); value = trim(substr(value, at + 1))
        if (!(key in is_bound_key)) { if (at) others = others (others == "" ? "" : ",") trim(entries[i]); continue }
        decode_percent(value)
        if (value == "" || length(plain) > 256 || json ~ /\\u00[01]|\\u007f/) continue
        if (key in is_int && !is_int64(plain)) continue
        bound[key] = key in is_int ? "{\"intValue\":\"" plain + 0 "\"}" : text_value(json)
        entry[key] = value
    }
}

function baggage(i, out) {
    out = others
    for (i = 1; i <= bound_count; i++)
        if (entry[bound_keys[i]] != "") out = out (out == "" ? "" : ",") bound_keys[i] "=" entry[bound_keys[i]]
    return out
}

function make_resource(pairs, n, i, at, key, text, list, service) {
    n = split(quoted[4], pairs, ",")
    for (i = 1; i <= n; i++) {
        at = index(pairs[i], "=")
        if (at < 2) continue
        key = trim(substr(pairs[i], 1, at - 1)); text = trim(substr(pairs[i], at + 1))
        if (text ~ /%/) { decode_percent(text); text = json }
        if (key == "service.name") service = text
        else list = list attribute(key, secret_or(key, text_value(text))) ","
    }
    if (quoted[3] != "") service = quoted[3]
    if (service == "") service = "unknown_service:" quoted[6]
    resource = "{\"attributes\":[" list attribute("service.name", text_value(service)) "," \
        attribute("service.instance.id", text_value(quoted[5])) "," attribute("telemetry.sdk.language", text_value("shell")) "," \
        attribute("telemetry.sdk.name", text_value("otel-events")) "," attribute("telemetry.sdk.version", text_value("0.1.0")) "]}"
}

function quote(text) { gsub(/\\/, "\\\\", text); gsub(/"/, "\\\"", text); return text }

function text_value(text) { return "{\"stringValue\":\"" text "\"}" }

function attribute(key, value) { return "{\"key\":\"" key "\",\"value\":" value "}" }

# -- attributes ------------------------------------------------------------------------------------------------------

# Read -m, -s and key=text, key:=JSON from the texts on.
function read_pairs(i, at, key, value, is_json) {
    for (i = next_text; i <= texts; i++) {
        if (raw[i] == "-m" || raw[i] == "--message") { message = quoted[++i]; says_message = 1; continue }
        if (raw[i] == "-s" || raw[i] == "--severity") { level = severity[tolower(raw[++i])]; continue }
        at = index(raw[i], "=")
        if (at < 2) {
            if (raw[i] == "") continue
            complain("a word that is neither KEY=TEXT nor KEY:=JSON is kept as the attribute argument")
            put("argument", text_value(quoted[i]))
            continue
        }
        is_json = substr(raw[i], at - 1, 1) == ":"
        key = quoted[i]
        sub(/:?=.*/, "", key)
        value = substr(raw[i], at + 1)
        if (is_json && !parse(value)) { complain("what stands behind " key ":= is no JSON and is kept as text"); is_json = 0 }
        if (is_json) { if (parsed != "null") put(key, secret_or(key, parsed)); else drop(key) }
        else if (key in is_int && is_int64(value)) put(key, "{\"intValue\":\"" value + 0 "\"}")
        else put(key, secret_or(key, text_value(substr(quoted[i], index(quoted[i], "=") + 1))))
        if (key in is_bound_key) place[key] = i
    }
}

function put(key, value) {
    if (!(key in is_named)) { if (own_count >= 128) return; is_named[key] = 1; names[++own_count] = key }
    own[key] = value
}

function drop(key) { delete bound[key]; delete own[key] }

# Own attributes, then the bound ones that they leave; an event has its session under OpenTelemetry`s name as well.
function all_attributes(is_span, i, key, out) {
    for (i = 1; i <= own_count; i++) if (names[i] in own) out = out attribute(names[i], own[names[i]]) ","
    for (i = 1; i <= bound_count; i++) {
        key = bound_keys[i]
        if (key in bound && !(key in own)) out = out attribute(key, bound[key]) ","
    }
    if (!is_span && !("session.id" in own) && ("session_id" in own || "session_id" in bound))
        out = out attribute("session.id", "session_id" in own ? own["session_id"] : bound["session_id"]) ","
    return out
}

# Let what was given of the correlation attributes hold from here on, and take it from the others.
function bind_pairs(i, key, at, value) {
    for (i = 1; i <= bound_count; i++) {
        key = bound_keys[i]
        if (!(key in own)) { if (!(key in bound)) entry[key] = ""; continue }
        at = index(raw[place[key]], "=")
        value = encode_percent(begins[place[key]] + at, ends[place[key]])
        if (length(value) <= 768) entry[key] = value
        bound[key] = own[key]
        delete own[key]
    }
}

# -- JSON that was given ---------------------------------------------------------------------------------------------

# Set `parsed` to OTLP`s form of the JSON text, or `null`; return whether it is JSON.
function parse(text) {
    source = text; is_bad = 0
    parsed = value_at(0)
    source = trim_start(source)
    return !is_bad && source == "" && length(text) <= 32768
}

function trim_start(text) { sub(/^[ \t\r\n]+/, "", text); return text }

function value_at(depth, c, text) {
    source = trim_start(source)
    c = substr(source, 1, 1)
    if (depth > 64) { is_bad = 1; return "" }
    if (c == "{" || c == "[") return items_at(depth, c)
    if (c == "\"") return text_value(string_at())
    if (match(source, /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/)) { text = taken(); return number(text) }
    if (match(source, /^(true|false)/)) return "{\"boolValue\":" taken() "}"
    if (match(source, /^null/)) { taken(); return depth ? "{}" : "null" }
    is_bad = 1
    return ""
}

function taken(text) {
    text = substr(source, 1, RLENGTH)
    source = substr(source, RLENGTH + 1)
    return text
}

function string_at(text, rest) {
    if (!match(source, /^"([^"\\]|\\.)*"/)) { is_bad = 1; return "" }
    text = taken()
    rest = text
    gsub(/\\(["\\\/bfnrt]|u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F])/, "", rest)
    if (rest ~ /\\/ || rest ~ /[\001-\037]/) is_bad = 1
    return substr(text, 2, length(text) - 2)
}

function items_at(depth, opening, closing, key, item, out, c) {
    closing = opening == "{" ? "}" : "]"
    source = trim_start(substr(source, 2))
    if (substr(source, 1, 1) == closing) source = substr(source, 2)
    else do {
        if (opening == "{") {
            source = trim_start(source)
            key = string_at()
            source = trim_start(source)
            if (substr(source, 1, 1) != ":") is_bad = 1
            source = substr(source, 2)
        }
        item = value_at(depth + 1)
        out = out (out == "" ? "" : ",") (opening == "{" ? attribute(key, secret_or(key, item)) : item)
        source = trim_start(source)
        c = substr(source, 1, 1)
        source = substr(source, 2)
        if (c != "," && c != closing) is_bad = 1
    } while (!is_bad && c == ",")
    return "{\"" (opening == "{" ? "kvlist" : "array") "Value\":{\"values\":[" out "]}}"
}

function number(text, value) {
    if (text !~ /[.eE]/) return is_int64(text) ? "{\"intValue\":\"" (text == "-0" ? "0" : text) "\"}" : text_value(text)
    value = text + 0
    if (value != 0 && value == 2 * value) return "{\"doubleValue\":\"" (value < 0 ? "-" : "") "Infinity\"}"
    return "{\"doubleValue\":" text "}"
}

function is_int64(text, size_) {
    if (text !~ /^-?[0-9]+$/) return 0
    size_ = length(text) - (text ~ /^-/)
    sub(/^-/, text ~ /^-/ ? "-" : "", text)
    # As texts: for awk numbers end at 2 to the power of 53.
    return size_ < 19 || (size_ == 19 && (substr(text, length(text) - 18) "") <= (text ~ /^-/ ? "9223372036854775808" : "9223372036854775807"))
}

# -- events and spans ------------------------------------------------------------------------------------------------

function make_event() {
    while (raw[next_text] == "-m" || raw[next_text] == "-s" || raw[next_text] ~ /^--(message|severity)$/) {
        if (raw[next_text] ~ /m/) { message = quoted[next_text + 1]; says_message = 1 }
        else level = severity[tolower(raw[next_text + 1])]
        next_text += 2
    }
    name = quoted[next_text++]
    if (is_no_name(name)) { complain("nothing is sent without a name: event NAME [KEY=TEXT]..."); name = ""; return }
    read_pairs()
    know(name)
}

function is_no_name(text) { return text == "" || text ~ /=/ }

# Set name, severity and message to what the catalogue says where the call says nothing.
function know(given) {
    name = given in alias ? alias[given] : given
    if (!level) level = name in known_level ? known_level[name] : 9
    if (!says_message && "message" in own && own["message"] ~ /^\{"stringValue"/) body = own["message"]
    else if (says_message) body = text_value(message)
    else if (name in known_message) body = text_value(known_message[name])
    else body = ""
}

function event_attributes() { return "\"attributes\":[" all_attributes() attribute("log.record.uid", text_value(uid)) "]" }

function record() {
    return "{\"resource\":" resource ",\"scopeLogs\":[{\"scope\":{\"name\":\"otel_events\"},\"logRecords\":[{" \
        "\"timeUnixNano\":\"" now "\",\"observedTimeUnixNano\":\"" now "\",\"severityNumber\":" level \
        ",\"severityText\":\"" toupper(shorts[level]) "\"," (body == "" ? "" : "\"body\":" body ",") "\"eventName\":\"" name "\"," \
        event_attributes() (trace_id == "" ? "" : ",\"traceId\":\"" trace_id "\",\"spanId\":\"" span_id "\",\"flags\":" flags) "}]}]}"
}

# The event as it stands in the span of its task.
function copy() { return "{\"timeUnixNano\":\"" now "\",\"name\":\"" name "\"," event_attributes() "}" }

function begin(parent, task_name, i) {
    parent = span_id
    span_id = some_id
    if (trace_id == "") trace_id = fresh_trace
    task_name = quoted[next_text++]
    if (is_no_name(task_name)) complain("a task has a name: task_begin NAME [KEY=TEXT]...")
    put("task_name", text_value(task_name))
    read_pairs()
    if (!("task_id" in own)) { put("task_id", text_value(other_id)); fresh_id = other_id }
    if ("task_id" in bound && !("parent_task_id" in own)) { bound["parent_task_id"] = bound["task_id"]; entry["parent_task_id"] = entry["task_id"] }
    else if (!("task_id" in bound)) { delete bound["parent_task_id"]; entry["parent_task_id"] = "" }
    bind_pairs()
    if (fresh_id != "") entry["task_id"] = fresh_id
    span_attributes = all_attributes(1)
    know("task.started")
    print "logs " now "-" uid " " record()
    print copy()
    print "00-" trace_id "-" span_id "-0" flags
    print baggage()
    printf "%s\t%s\t%s\t%s\t%s\t%s", span_id, trace_id, parent, now, task_name, span_attributes
}

function end(state, exit_code, outcome, notes, attributes, status) {
    split(raw[9], state, "\t") # what `begin` wrote: JSON already
    span_id = state[1]; trace_id = state[2]
    exit_code = raw[10] + 0; notes = raw[11]; next_text = 12
    gsub(/\n/, ",", notes)
    outcome = exit_code == 0 ? "completed" : exit_code == 130 ? "cancelled" : "failed"
    put("task_name", text_value(state[5]))
    read_pairs()
    attributes = state[6]
    attributes = attributes results()
    put("duration", "{\"doubleValue\":" seconds(state[4]) "}")
    if (exit_code) {
        put("exit_code", "{\"intValue\":\"" exit_code "\"}")
        attributes = attributes attribute("exit_code", own["exit_code"]) ","
        put("error.type", text_value(outcome == "cancelled" ? "SIGINT" : "exit_" exit_code))
        if (outcome == "failed") {
            if (!("reason" in own)) put("reason", text_value("exit code " exit_code))
            attributes = attributes attribute("error.type", own["error.type"]) ","
            status = ",\"status\":{\"code\":2,\"message\":" substr(own["reason"], index(own["reason"], ":") + 1)
        }
    }
    know("task." outcome)
    print "logs " now "-" uid " " record()
    sub(/,$/, "", attributes)
    print (flags ? "traces " : "none ") now "-" uid " {\"resource\":" resource ",\"scopeSpans\":[{\"scope\":{\"name\":\"otel_events\"}," \
        "\"spans\":[{\"traceId\":\"" state[2] "\",\"spanId\":\"" state[1] "\"," (state[3] == "" ? "" : "\"parentSpanId\":\"" state[3] "\",") \
        "\"name\":\"" state[5] "\",\"kind\":1,\"startTimeUnixNano\":\"" state[4] "\",\"endTimeUnixNano\":\"" now "\",\"flags\":" flags \
        ",\"attributes\":[" attributes "],\"events\":[" notes (notes == "" ? "" : ",") copy() "]" status "}]}]}"
}

function results(i, out) {
    for (i = 2; i <= own_count; i++) if (names[i] in own) out = out attribute(names[i], own[names[i]]) ","
    return out
}

# Seconds since the nanoseconds `from`: split, for awk numbers hold no nanoseconds of today.
function seconds(from, whole, rest) {
    whole = substr(now, 1, length(now) - 9) - substr(from, 1, length(from) - 9)
    rest = substr(now, length(now) - 8) - substr(from, length(from) - 8)
    if (rest < 0) { rest += 1000000000; whole-- }
    return whole < 0 ? "0.0" : sprintf("%d.%09d", whole, rest)
}

# -- secrets ---------------------------------------------------------------------------------------------------------

# Return the value, or a marker if its key says that it is a secret and it may be one.
function secret_or(key, value, kind) {
    if (value ~ /^\{"boolValue"/ || value == "{}" || value == text_value("") || value ~ /^\{"stringValue":"<REDACTED/) return value
    kind = secret_kind(key)
    if (kind == "" || (value ~ /^\{"(int|double)Value"/ && kind != "password" && kind != "personal")) return value
    return text_value("<REDACTED:" kind ">")
}

# Return the kind of secret that a key names, by its words, as redaction/keys.py does.
function secret_kind(key, word, n, i, last, is_innocent) {
    if (key in is_bound_key || length(key) > 256) return ""
    n = words_of(key, word)
    if (n < 1 || n > 12) return ""
    while (n > 1 && (word[n] ~ /^[0-9][0-9]?[0-9]?[0-9]?$/ || word[n] in value_words)) n--
    last = word[n]
    if (last in about_words && !(last == "id" && n > 1 && word[n - 1] == "secret")) return ""
    for (i = 1; i <= n; i++)
        if (word[i] in secret_words && !(secret_words[word[i]] == "token" && last != word[i])) return secret_words[word[i]]
    for (i = 2; i <= n; i++) if ((word[i - 1] " " word[i]) in secret_pairs) return secret_pairs[word[i - 1] " " word[i]]
    if (last == "token") {
        for (i = 1; i < n; i++) if (word[i] in token_innocent) is_innocent = 1
        return is_innocent ? "" : "token"
    }
    for (i = 1; i <= endings; i++)
        if (substr(last, length(last) - length(ending[i]) + 1) == ending[i]) return ending_kind[i]
    return ""
}

# Split a key into its words: X-Api-Key, apiKey and API_KEY are all api, key.
function words_of(key, word, i, c, kind, before_, n) {
    n = 0
    for (i = 1; i <= length(key); i++) {
        c = substr(key, i, 1)
        kind = c ~ /[A-Z]/ ? "U" : c ~ /[a-z]/ ? "L" : c ~ /[0-9]/ ? "D" : ""
        if (kind == "") { before_ = ""; continue }
        if (before_ == "" || (kind != before_ && !(before_ == "U" && kind == "L")) \
            || (kind == "U" && substr(key, i + 1, 1) ~ /[a-z]/)) word[++n] = ""
        word[n] = word[n] tolower(c)
        before_ = kind
    }
    return n
}

# Make the JSON of events and spans of the bytes that otel-events.sh hands over, each a decimal number: first 48 that
# are random, then texts that a zero ends. It is written so that it holds no apostrophe: the script has it in a pair of them.

BEGIN {
    for (i = 1; i < 128; i++) code[sprintf("%c", i)] = i
    count = split("trace trace2 trace3 trace4 debug debug2 debug3 debug4 info info2 info3 info4 warn warn2 warn3 warn4 " \
        "error error2 error3 error4 fatal fatal2 fatal3 fatal4", shorts, " ")
    for (i = 1; i <= count; i++) severity[shorts[i]] = severity[i] = i
    severity["notset"] = 1; severity["warning"] = 13; severity["exception"] = 17; severity["critical"] = 21
    severity["information"] = 9; severity["notice"] = 10; severity["alert"] = 19; severity["emergency"] = 24
    is_int["cycle"] = is_int["day"] = is_int["env_id"] = is_int["episode"] = 1
    bound_count = split("task_id parent_task_id persona session_id cycle day env_id episode", bound_keys, " ")
    for (i = 1; i <= bound_count; i++) is_bound_key[bound_keys[i]] = 1
}

{ for (i = 1; i <= NF; i++) bytes[size++] = $i + 0 }

END {
    if (before != "") { headers(); exit }
    uid = digits(0, 16); some_id = digits(16, 8); other_id = digits(24, 8); fresh_trace = digits(32, 16)
    take_texts()
    mode = raw[1]; now = raw[2]
    read_parent(raw[7])
    read_baggage(raw[8])
    make_resource()
    next_text = 9
    if (mode == "event") { make_event(); if (name == "") exit; print "logs " now "-" uid " " record(); print copy() }
    else if (mode == "bind") { read_pairs(); bind_pairs(); print baggage() }
    else if (mode == "begin") begin()
    else if (mode == "end") end()
}

# Tell whoever wrote the script of a mistake; it goes on. By cat, since not every awk can write to a socket that is its
# standard error; where that is closed, another cat takes the words.
function complain(text) {
    print "otel-events: " (mode == "begin" || mode == "end" ? "task_" mode : mode == "bind" ? "event_bind" : mode) ": " text | "cat 1>&2 || cat >/dev/null"
}

function digits(from, length_, i, out) {
    for (i = from; i < from + length_; i++) out = out sprintf("%02x", bytes[i])
    return out
}

# -- texts -----------------------------------------------------------------------------------------------------------

# Fill raw[] and quoted[] with the texts: as they are, but for what is beyond ASCII, and as they stand in JSON.
function take_texts(start, i) {
    texts = 0
    start = 48
    for (i = 48; i < size; i++)
        if (bytes[i] == 0) {
            decode(start, i)
            raw[++texts] = plain; quoted[texts] = json; begins[texts] = start; ends[texts] = i
            start = i + 1
        }
}

# Set `plain` and `json` to what the bytes from `from` to before `to` say in UTF-8. What is none becomes U+FFFD.
function decode(from, to, i, c, k, more, low, high, v, b, p, j, is_cut) {
    plain = json = p = j = ""
    if (to - from > 65536) { to = from + 65536; is_cut = 1 }
    for (i = from; i < to; i++) {
        c = bytes[i]
        if (c < 128) {
            b = sprintf("%c", c)
            p = p b
            j = j (c == 34 ? "\\\"" : c == 92 ? "\\\\" : c < 32 || c == 127 ? unicode(c) : b)
        } else {
            more = c >= 194 && c < 224 ? 1 : c >= 224 && c < 240 ? 2 : c >= 240 && c < 245 ? 3 : 0
            low = c == 224 ? 160 : c == 240 ? 144 : 128
            high = c == 237 ? 159 : c == 244 ? 143 : 191
            v = more == 1 ? c - 192 : more == 2 ? c - 224 : c - 240
            for (k = 1; k <= more; k++) {
                b = i + k < to ? bytes[i + k] : 0
                if (b < low || b > high) break
                v = v * 64 + b - 128; low = 128; high = 191
            }
            if (more == 0 || k <= more) { v = 65533; more = k - 1 }
            i += more
            p = p unicode(v); j = j unicode(v)
        }
        if (length(p) > 500) { plain = plain p; json = json j; p = j = "" } # short pieces: to append to a long text copies it
    }
    plain = plain p
    json = json j (is_cut ? unicode(8230) : "")
}

function unicode(c) {
    if (c < 65536) return sprintf("\\u%04x", c)
    c -= 65536
    return sprintf("\\u%04x\\u%04x", 55296 + int(c / 1024), 56320 + c % 1024)
}

# Set `plain` and `json` to what percent-encoded ASCII means.
function decode_percent(text, i, n, c) {
    n = size
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "%" && substr(text, i + 1, 2) ~ /^[0-9a-fA-F][0-9a-fA-F]$/) {
            bytes[n++] = 16 * hex(substr(text, i + 1, 1)) + hex(substr(text, i + 2, 1))
            i += 2
        } else bytes[n++] = code[c]
    }
    decode(size, n)
}

function hex(c) { return index("0123456789abcdef", tolower(c)) - 1 }

function encode_percent(from, to, i, c, out) {
    for (i = from; i < to; i++) {
        c = bytes[i] < 128 ? sprintf("%c", bytes[i]) : ""
        out = out (c ~ /^[A-Za-z0-9_.~-]$/ ? c : sprintf("%%%02X", bytes[i]))
    }
    return out
}

function trim(text) { gsub(/^[ \t]+|[ \t]+$/, "", text); return text }

# -- OTEL_EXPORTER_OTLP_HEADERS --------------------------------------------------------------------------------------

# Print each header in the words of curl`s or wget`s settings.
function headers(pairs, n, i, at, text, j) {
    for (j = 0; j < size; j++) text = text (bytes[j] >= 32 && bytes[j] < 127 ? sprintf("%c", bytes[j]) : "")
    n = split(text, pairs, ",")
    for (i = 1; i <= n; i++) {
        at = index(pairs[i], "=")
        if (at < 2) continue
        decode_percent(trim(substr(pairs[i], at + 1)))
        gsub(/[\001-\037]/, "", plain)
        print before trim(substr(pairs[i], 1, at - 1)) ": " (after == "" ? plain : quote(plain)) after
    }
}

# -- what the catalogue knows, and which words tell secrets; generated ---

BEGIN {
    know_event("heartbeat", "Heartbeat", 9, "")
    know_event("heartbeat.missed", "Heartbeat missed", 13, "")
    know_event("heartbeat.missed.resolved", "Heartbeat back", 9, "")
    know_event("task.stalled", "Task stalled", 13, "")
    know_event("task.stalled.resolved", "Task no longer stalled", 9, "")
    know_event("cycle.stalled", "Cycles stalled", 13, "")
    know_event("cycle.stalled.resolved", "Cycles no longer stalled", 9, "")
    know_event("expectation.missed", "Expectation missed", 13, "")
    know_event("expectation.missed.resolved", "Expectation met again", 9, "")
    know_event("expectation.set", "Expectations set", 9, "")
    know_event("sparc.task", "Task file changed", 9, "egos.sparc.tasks")
    know_event("llm.interaction", "Model asked", 9, "egos.llm.logs")
    know_event("pattern.propagated", "Pattern propagated", 9, "egos.propagation.log")
    know_event("alert.triggered", "Alert", 13, "alert_triggered")
    know_event("alert.resolved", "Alert resolved", 9, "alert_resolved")
    know_event("threshold.exceeded", "Threshold exceeded", 13, "threshold_exceeded")
    know_event("anomaly.detected", "Anomaly detected", 13, "anomaly_detected")
    know_event("chatops.command", "Chat command", 9, "chatops_command")
    know_event("observe", "Observed", 9, "")
    know_event("decision", "Decided", 9, "")
    know_event("critic.evaluate", "Evaluated by critic", 9, "")
    know_event("execute", "Executed", 9, "")
    know_event("render", "Rendered", 9, "")
    know_event("context.write", "Context written", 9, "")
    know_event("cycle.start", "Cycle started", 9, "")
    know_event("cycle.end", "Cycle ended", 9, "")
    know_event("daemon.start", "Daemon started", 9, "")
    know_event("daemon.stop", "Daemon stopped", 9, "")
    know_event("error", "Error", 17, "")
    know_event("evidence.search", "Evidence searched", 9, "evidence_search")
    know_event("evidence.added", "Evidence added", 9, "evidence_added")
    know_event("evidence.rejected", "Evidence rejected", 9, "evidence_rejected")
    know_event("evidence.correction", "Evidence corrected", 9, "evidence_correction")
    know_event("rag.retrieval", "Documents retrieved", 9, "rag_retrieval")
    know_event("citation.added", "Citation added", 9, "citation_added")
    know_event("file.created", "File created", 9, "")
    know_event("file.modified", "File modified", 9, "")
    know_event("file.moved", "File moved", 9, "")
    know_event("file.deleted", "File deleted", 9, "")
    know_event("file.batch_changed", "Many files changed", 9, "")
    know_event("watch.interrupted", "Watching interrupted", 13, "")
    know_event("watch.resumed", "Watching resumed", 9, "")
    know_event("bqi.pattern_learned", "Pattern learned", 9, "bqi_pattern_learned")
    know_event("bqi.rule_applied", "Rule applied", 9, "bqi_rule_applied")
    know_event("binoche.decision", "Decided", 9, "binoche_decision")
    know_event("ensemble.update", "Ensemble updated", 9, "ensemble_update")
    know_event("migration", "Migrated", 9, "")
    know_event("deployment", "Deployed", 9, "")
    know_event("rollback", "Rolled back", 13, "")
    know_event("configuration.change", "Configuration changed", 9, "configuration_change")
    know_event("scale.event", "Scaled", 9, "scale_event")
    know_event("test.event", "Test event", 9, "")
    know_event("otel_events.writer.started", "Writer started", 9, "")
    know_event("otel_events.writer.report", "Writer report", 9, "")
    know_event("otel_events.writer.stopped", "Writer stopped", 9, "")
    know_event("otel_events.spool.dropped", "Spooled records dropped", 13, "")
    know_event("otel_events.suppressed", "Events suppressed", 9, "")
    know_event("persona.activated", "Persona activated", 9, "persona_activated")
    know_event("persona.switched", "Persona switched", 9, "persona_switched")
    know_event("thesis.start", "Thesis started", 9, "thesis_start")
    know_event("thesis.end", "Thesis ended", 9, "thesis_end")
    know_event("antithesis.start", "Antithesis started", 9, "antithesis_start")
    know_event("antithesis.end", "Antithesis ended", 9, "antithesis_end")
    know_event("synthesis.start", "Synthesis started", 9, "synthesis_start")
    know_event("synthesis.end", "Synthesis ended", 9, "synthesis_end")
    know_event("phase.start", "Phase started", 9, "phase_start")
    know_event("phase.end", "Phase ended", 9, "phase_end")
    know_event("correction.second_pass", "Second pass", 9, "second_pass")
    know_event("quality.check", "Quality checked", 9, "quality_check")
    know_event("confidence.check", "Confidence checked", 9, "confidence_check")
    know_event("script.error", "Script error", 17, "script_error")
    know_event("seed.germinated", "Germinated", 9, "SEED_GERMINATED")
    know_event("seed.stage_changed", "Stage changed", 9, "SEED_STAGE_CHANGED")
    know_event("seed.gate_evaluated", "Gate evaluated", 9, "SEED_GATE_EVALUATED")
    know_event("seed.fossilized", "Fossilized", 9, "SEED_FOSSILIZED")
    know_event("seed.pruned", "Pruned", 9, "SEED_PRUNED")
    know_event("sense.project", "Sense projected", 9, "sense")
    know_event("sense.all", "All senses projected", 9, "")
    know_event("session.start", "Session started", 9, "session_start")
    know_event("session.end", "Session ended", 9, "session_end")
    know_event("session.harvest_completed", "Sessions harvested", 9, "session_harvest_completed")
    know_event("state.mood", "Mood changed", 9, "")
    know_event("state.focus", "Focus changed", 9, "")
    know_event("state.drive", "Drive changed", 9, "")
    know_event("state.pain", "Pain", 9, "")
    know_event("system.startup", "System started", 9, "system_startup")
    know_event("system.shutdown", "System stopped", 9, "system_shutdown")
    know_event("health.check", "Health checked", 9, "health_check")
    know_event("performance.metric", "Performance", 9, "performance_metric")
    know_event("task.started", "Task started", 9, "task_started")
    know_event("task.progress", "Task under way", 9, "")
    know_event("task.completed", "Task completed", 9, "task_completed")
    know_event("task.failed", "Task failed", 17, "task_failed")
    know_event("task.cancelled", "Task cancelled", 9, "task_cancelled")
    know_event("eval", "Evaluated", 9, "")
    know_event("rune", "Rune", 9, "")
    know_event("replan", "Replanned", 9, "")
    know_event("training.started", "Training started", 9, "TRAINING_STARTED")
    know_event("ppo.update_completed", "PPO update completed", 9, "PPO_UPDATE_COMPLETED")
    know_event("batch.epoch_completed", "Batch epoch completed", 9, "BATCH_EPOCH_COMPLETED")
    know_event("epoch.completed", "Epoch completed", 9, "EPOCH_COMPLETED")
    know_event("reward.computed", "Reward computed", 9, "REWARD_COMPUTED")
    know_event("wave.send", "Signal sent", 9, "")
    know_event("wave.result", "Contexts resonated", 9, "")
    know_event("window.update", "Window updated", 9, "")
    put_words(secret_words, "authorization", "authorization authorisation")
    put_words(secret_words, "cookie", "cookie cookies phpsessid jsessionid sessid aspsessionid")
    put_words(secret_words, "credentials", "credential credentials creds")
    put_words(secret_words, "key", "apikey apikeys accesskey secretkey privatekey authkey accountkey")
    put_words(secret_words, "password", "password passwords passwd passwort kennwort contrasena senha")
    put_words(secret_words, "password", "wachtwoord motdepasse mdp pwd passcode passphrase pswd pgpassword")
    put_words(secret_words, "password", "pgpass userpass dbpass sshpass storepass srcstorepass deststorepass")
    put_words(secret_words, "password", "keypass psk bindpw rootpw userpw dbpw")
    put_words(secret_words, "personal", "cvv cvv2 cvc cvc2 creditcard ssn iban")
    put_words(secret_words, "secret", "secret secrets clientsecret mnemonic seedphrase")
    put_words(secret_words, "token", "jwt bearer csrf xsrf csrftoken csrfmiddlewaretoken")
    put_words(secret_pairs, "authorization", "basic+auth proxy+auth http+auth x+auth registry+auth")
    put_words(secret_pairs, "cookie", "session+cookie gitlab+session connect+sid")
    put_words(secret_pairs, "key", "api+key access+key secret+key private+key account+key shared+key")
    put_words(secret_pairs, "key", "signing+key signature+key encryption+key encrypt+key decryption+key")
    put_words(secret_pairs, "key", "master+key ssh+key auth+key service+key deploy+key subscription+key")
    put_words(secret_pairs, "key", "session+key webhook+key app+key application+key client+key admin+key")
    put_words(secret_pairs, "key", "storage+key symmetric+key hmac+key license+key licence+key write+key")
    put_words(secret_pairs, "key", "ingest+key ingestion+key integration+key rsa+key dsa+key ecdsa+key")
    put_words(secret_pairs, "key", "pgp+key gpg+key wrapping+key recovery+key vault+key server+key bot+key")
    put_words(secret_pairs, "key", "consumer+key crypto+key cipher+key aes+key jwt+key management+key")
    put_words(secret_pairs, "key", "tls+key ssl+key activation+key product+key")
    put_words(secret_pairs, "password", "db+pass user+pass smtp+pass mail+pass email+pass admin+pass")
    put_words(secret_pairs, "password", "root+pass mysql+pass pg+pass postgres+pass redis+pass ftp+pass")
    put_words(secret_pairs, "password", "ldap+pass my+pass proxy+pass wifi+pass rabbitmq+pass mongo+pass")
    put_words(secret_pairs, "password", "mongodb+pass sql+pass login+pass account+pass http+pass basic+pass")
    put_words(secret_pairs, "password", "auth+pass service+pass svc+pass database+pass imap+pass ssh+pass")
    put_words(secret_pairs, "password", "sudo+pass key+pass keystore+pass truststore+pass cert+pass pfx+pass")
    put_words(secret_pairs, "password", "db+pw user+pw admin+pw root+pw my+pw smtp+pw login+pw account+pw")
    put_words(secret_pairs, "password", "mysql+pw card+pin user+pin sim+pin account+pin atm+pin login+pin")
    put_words(secret_pairs, "password", "de+passe pass+phrase")
    put_words(secret_pairs, "personal", "credit+card debit+card card+number pin+number social+security")
    put_words(secret_pairs, "secret", "pin+code otp+code security+code mfa+code 2fa+code totp+code")
    put_words(secret_pairs, "secret", "verification+code totp+seed otp+seed mfa+seed wallet+seed")
    put_words(secret_pairs, "secret", "recovery+codes recovery+phrase seed+phrase backup+codes")
    put_words(secret_pairs, "token", "github+pat gitlab+pat azure+pat devops+pat ext+pat airtable+pat")
    put_words(secret_pairs, "token", "databricks+pat")
    put_words(value_words, "1", "b64 base64 data header plain raw str string text v val value")
    put_words(about_words, "1", "age algo algorithm arn at attempts audience average avg banner banners")
    put_words(about_words, "1", "based brand bucket buckets budget change changed check checked checks class")
    put_words(about_words, "1", "classes column complexity consent cost count country counts created date")
    put_words(about_words, "1", "days deleted desc description detected dim dims dir disabled domain")
    put_words(about_words, "1", "duration embedding embeddings enabled endpoint entropy env error errors")
    put_words(about_words, "1", "exists expiration expire expired expires expiry field fields file filename")
    put_words(about_words, "1", "files fingerprint folder form format found free group groups handler")
    put_words(about_words, "1", "handling hint hours id ids in index input invalid issuer jar key_id kind")
    put_words(about_words, "1", "label last law leak leaked len length less lifetime limit limits loader")
    put_words(about_words, "1", "location logprob manager managers masked max mean method min minutes")
    put_words(about_words, "1", "missing mode ms name names notice offset ok on overlap page path paths per")
    put_words(about_words, "1", "percent permissions placeholder policies policy policyid position prefix")
    put_words(about_words, "1", "present price prob probability prompt protected provided provider rate")
    put_words(about_words, "1", "ratio redacted ref reference references required reset reuse role roles")
    put_words(about_words, "1", "rotated rotation rule rules santa scanner scanning scheme scope scopes")
    put_words(about_words, "1", "score seconds service services set shape size source state status store")
    put_words(about_words, "1", "strategy strength suffix table thumbprint time timestamp title total totals")
    put_words(about_words, "1", "tries ttl type types uid updated uri url usage used valid validation")
    put_words(about_words, "1", "validator var variable version window")
    put_words(token_innocent, "1", "best bos cls completion continuation current cursor end eos first input")
    put_words(token_innocent, "1", "invalid last mask max min new next nft output pad page pagination per")
    put_words(token_innocent, "1", "prev previous prompt sep special start stop sync top unexpected unk")
    ending[++endings] = "password"; ending_kind[endings] = "password"
    ending[++endings] = "passwd"; ending_kind[endings] = "password"
    ending[++endings] = "passphrase"; ending_kind[endings] = "password"
    ending[++endings] = "secret"; ending_kind[endings] = "secret"
    ending[++endings] = "credentials"; ending_kind[endings] = "credentials"
    ending[++endings] = "apikey"; ending_kind[endings] = "key"
    ending[++endings] = "accesskey"; ending_kind[endings] = "key"
    ending[++endings] = "secretkey"; ending_kind[endings] = "key"
    ending[++endings] = "privatekey"; ending_kind[endings] = "key"
    ending[++endings] = "sharedkey"; ending_kind[endings] = "key"
    ending[++endings] = "accountkey"; ending_kind[endings] = "key"
    ending[++endings] = "signingkey"; ending_kind[endings] = "key"
    ending[++endings] = "encryptionkey"; ending_kind[endings] = "key"
    ending[++endings] = "token"; ending_kind[endings] = "token"
}

function know_event(name, message, severity, aliases, n, i, list) {
    known_message[name] = message; known_level[name] = severity
    n = split(aliases, list, " ")
    for (i = 1; i <= n; i++) alias[list[i]] = name
}

function put_words(target, value, words, n, i, list) {
    n = split(words, list, " ")
    for (i = 1; i <= n; i++) { sub(/\+/, " ", list[i]); target[list[i]] = value }
}
'
