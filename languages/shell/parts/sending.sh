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
