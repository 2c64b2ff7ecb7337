# Log records and spans, as OTLP's JSON.

# .NET's format strings, which a test fills in as well. Log: times, severity, its name, body, name, attributes, trace.
$script:RecordTemplates = @{
    Log    = '{{"timeUnixNano":"{0}","observedTimeUnixNano":"{0}","severityNumber":{1},"severityText":"{2}",{3}"eventName":"{4}","attributes":[{5}]{6}}}'
    Body   = '"body":{0},'
    Trace  = ',"traceId":"{0}","spanId":"{1}","flags":{2}'
    Note   = '{{"timeUnixNano":"{0}","name":"{1}","attributes":[{2}]}}'
    Span   = '{{"traceId":"{0}","spanId":"{1}",{2}"name":"{3}","kind":1,"startTimeUnixNano":"{4}","endTimeUnixNano":"{5}","flags":{6},"attributes":[{7}],"events":[{8}]{9}}}'
    Parent = '"parentSpanId":"{0}",'
    Status = ',"status":{{"code":2,"message":"{0}"}}'
    logs   = '{{"resource":{{"attributes":[{0}]}},"scopeLogs":[{{"scope":{{"name":"otel_events"}},"logRecords":[{1}]}}]}}'
    traces = '{{"resource":{{"attributes":[{0}]}},"scopeSpans":[{{"scope":{{"name":"otel_events"}},"spans":[{1}]}}]}}'
}
$script:MostSpanEvents = 128

function New-OtelRecord {
    <# .SYNOPSIS Returns the JSON of an event: as a log record, and as a span event. #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'It changes nothing.')]
    [CmdletBinding()]
    [OutputType([hashtable])]
    param(
        [string] $Name,
        [System.Collections.IDictionary] $Attributes,
        [AllowEmptyString()][string] $Message = '',
        [AllowNull()][object] $Severity = $null,
        [long] $Time = (Get-OtelNow)
    )

    $known = $null
    if ($script:Known.Events.ContainsKey($Name)) { $known = $script:Known.Events[$Name] }
    $level = Get-OtelSeverity -Value $Severity
    if ($level -eq 0) { $level = 9; if ($null -ne $known) { $level = $known.Severity } }
    if (-not $Message -and $Attributes['message'] -is [string]) { $Message = $Attributes['message'] }
    if (-not $Message -and $null -ne $known) { $Message = $known.Message }
    $eventName = $Name
    if ($null -ne $known) { $eventName = $known.Name }

    $templates = $script:RecordTemplates
    $body = ''
    if ($Message) { $body = $templates.Body -f (ConvertTo-OtelValue -Value $Message) }
    $trace = Get-OtelTrace
    $place = ''
    if ($null -ne $trace) { $place = $templates.Trace -f $trace.TraceId, $trace.SpanId, $trace.Flags }
    $all = ConvertTo-OtelAttributeList -Attributes (Join-OtelAttribute -Own $Attributes)
    $eventName = ConvertTo-OtelJsonText -Text $eventName
    $short = $script:SeverityNames[[int] [Math]::Floor([double] (($level - 1) / 4))]
    if (($level - 1) % 4 -gt 0) { $short += [string] (($level - 1) % 4 + 1) }
    return @{
        Log  = $templates.Log -f $Time, $level, $short, $body, $eventName, $all, $place
        Note = $templates.Note -f $Time, $eventName, $all
    }
}

function Join-OtelAttribute {
    <# .SYNOPSIS Returns an event's own attributes, those bound here that it leaves, and its unique id. #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([System.Collections.IDictionary] $Own)

    $all = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    $all['log.record.uid'] = Get-OtelRandomId -Bytes 16 # first: it is never one of those that are too many
    foreach ($key in $Own.PSBase.Keys) {
        $value = $Own[$key]
        # Texts only: what a function returns comes as its elements, so that a list of one would be no list any more.
        if ($value -is [string]) { $value = ConvertTo-OtelCorrelation -Key ([string] $key) -Value $value }
        $all[[string] $key] = $value
    }
    $bound = Get-OtelBound
    foreach ($key in $bound.PSBase.Keys) { if (-not $all.Contains($key)) { $all[$key] = $bound[$key] } }
    if ($null -ne $all['session_id'] -and -not $all.Contains('session.id')) { $all['session.id'] = $all['session_id'] }
    return $all
}

function New-OtelSpan {
    <# .SYNOPSIS Returns the JSON of a task's span. #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'It changes nothing.')]
    [CmdletBinding()]
    [OutputType([string])]
    param([hashtable] $Task, [long] $End, [System.Collections.IDictionary] $Attributes, [AllowEmptyString()][string] $Failure = '', [bool] $IsFailed)

    $templates = $script:RecordTemplates
    $parent = ''
    if ($Task.ParentSpanId) { $parent = $templates.Parent -f $Task.ParentSpanId }
    $status = ''
    if ($IsFailed) { $status = $templates.Status -f (ConvertTo-OtelJsonText -Text $Failure) }
    $name = ConvertTo-OtelJsonText -Text $Task.Name
    $encoded = ConvertTo-OtelAttributeList -Attributes $Attributes
    $notes = $Task.Notes -join ','
    return $templates.Span -f $Task.TraceId, $Task.SpanId, $parent, $name, $Task.Start, $End, $Task.Flags, $encoded, $notes, $status
}
