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
        attribute("telemetry.sdk.name", text_value("otel-events")) "," attribute("telemetry.sdk.version", text_value("@VERSION@")) "]}"
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
