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
