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
