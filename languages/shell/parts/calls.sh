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
