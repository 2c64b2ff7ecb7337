# What surrounds an event: settings, the trace and the bound attributes (which live in the environment, so that programs
# that are begun from here go on with them), and what is known of event names.

$script:CorrelationKeys = @('task_id', 'parent_task_id', 'persona', 'session_id', 'cycle', 'day', 'env_id', 'episode')
$script:IntegerKeys = @('cycle', 'day', 'env_id', 'episode')
$script:SeverityNames = @('TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL')
$script:SeverityWords = @{
    notset = 1; trace = 1; debug = 5; info = 9; information = 9; notice = 10; warn = 13; warning = 13
    error = 17; exception = 17; alert = 19; fatal = 21; critical = 21; emergency = 24
}
$script:InstanceId = [Guid]::NewGuid().ToString()

function Import-OtelKnown {
    <# .SYNOPSIS Reads known.json into dictionaries whose keys tell small letters from capital ones. #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([string] $Path)

    $file = [System.IO.File]::ReadAllText($Path) | ConvertFrom-Json
    $events = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,object]'
    foreach ($row in $file.events) {
        $definition = @{ Name = [string] $row[0]; Message = [string] $row[1]; Severity = [int] $row[2] }
        $events[[string] $row[0]] = $definition
        for ($i = 3; $i -lt $row.Count; $i++) { $events[[string] $row[$i]] = $definition }
    }
    return @{
        Version       = [string] $file.version
        Events        = $events
        SecretWords   = ConvertTo-OtelLookup -InputObject $file.secrets.words
        SecretPairs   = ConvertTo-OtelLookup -InputObject $file.secrets.pairs
        SecretEndings = ConvertTo-OtelLookup -InputObject $file.secrets.endings
        AboutWords    = ConvertTo-OtelLookup -InputObject $file.secrets.about
        ValueWords    = ConvertTo-OtelLookup -InputObject $file.secrets.values
        TokenInnocent = ConvertTo-OtelLookup -InputObject $file.secrets.tokenInnocent
    }
}

function ConvertTo-OtelLookup {
    [CmdletBinding()]
    [OutputType([System.Collections.Generic.Dictionary[string, string]])]
    param([object] $InputObject)

    $lookup = New-Object -TypeName 'System.Collections.Generic.Dictionary[string,string]'
    if ($InputObject -is [array]) {
        foreach ($word in $InputObject) { $lookup[[string] $word] = '' }
    }
    else {
        foreach ($property in $InputObject.PSObject.Properties) { $lookup[$property.Name] = [string] $property.Value }
    }
    return $lookup
}

function Test-OtelEnabled {
    [CmdletBinding()]
    [OutputType([bool])]
    param([ValidateSet('logs', 'traces')][string] $Signal)

    if ($env:OTEL_SDK_DISABLED -eq 'true') { return $false }
    if ($Signal -eq 'logs') { return $env:OTEL_LOGS_EXPORTER -ne 'none' }
    return $env:OTEL_TRACES_EXPORTER -ne 'none'
}

function Get-OtelEndpoint {
    <# .SYNOPSIS Returns the address of a signal, and the headers to send with it. #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([ValidateSet('logs', 'traces')][string] $Signal)

    $own = [Environment]::GetEnvironmentVariable("OTEL_EXPORTER_OTLP_$($Signal.ToUpperInvariant())_ENDPOINT")
    $base = $env:OTEL_EXPORTER_OTLP_ENDPOINT
    if (-not $base) { $base = 'http://localhost:4318' }
    $url = $base.TrimEnd('/') + '/v1/' + $Signal
    if ($own) { $url = $own }
    $headers = ConvertFrom-OtelPairList -Text $env:OTEL_EXPORTER_OTLP_HEADERS
    $more = ConvertFrom-OtelPairList -Text ([Environment]::GetEnvironmentVariable("OTEL_EXPORTER_OTLP_$($Signal.ToUpperInvariant())_HEADERS"))
    foreach ($key in $more.PSBase.Keys) { $headers[$key] = $more[$key] }
    return @{ Url = $url; Headers = $headers }
}

function ConvertFrom-OtelPairList {
    <# .SYNOPSIS Reads key=value,key=value, percent-encoded; what follows a semicolon is about the value. #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([AllowNull()][AllowEmptyString()][string] $Text)

    $found = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    if (-not $Text) { return $found }
    foreach ($entry in $Text.Split(',')) {
        $at = $entry.IndexOf('=')
        if ($at -lt 1) { continue }
        $found[$entry.Substring(0, $at).Trim()] = [Uri]::UnescapeDataString($entry.Substring($at + 1).Split(';')[0].Trim())
    }
    return $found
}

function Get-OtelResource {
    <# .SYNOPSIS Returns the JSON of who emits. #>
    [CmdletBinding()]
    [OutputType([string])]
    param()

    $attributes = ConvertFrom-OtelPairList -Text $env:OTEL_RESOURCE_ATTRIBUTES
    if ($env:OTEL_SERVICE_NAME) { $attributes['service.name'] = $env:OTEL_SERVICE_NAME }
    if (-not $attributes['service.name']) { $attributes['service.name'] = 'unknown_service:powershell' }
    $attributes['service.instance.id'] = $script:InstanceId
    $attributes['telemetry.sdk.language'] = 'powershell'
    $attributes['telemetry.sdk.name'] = 'otel-events'
    $attributes['telemetry.sdk.version'] = $script:Known.Version
    return ConvertTo-OtelAttributeList -Attributes $attributes
}

# -- trace and baggage -----------------------------------------------------------------------------------------------

function Get-OtelTrace {
    <# .SYNOPSIS Returns the trace that holds here, by TRACEPARENT; $null if there is none. #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param()

    $match = [regex]::Match([string] $env:TRACEPARENT, '^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)')
    if (-not $match.Success -or $match.Groups[1].Value -eq 'ff') { return $null }
    if ($match.Groups[2].Value -match '^0+$' -or $match.Groups[3].Value -match '^0+$') { return $null }
    $flags = [Convert]::ToInt32($match.Groups[4].Value, 16) -band 1
    return @{ TraceId = $match.Groups[2].Value; SpanId = $match.Groups[3].Value; Flags = $flags }
}

function Get-OtelBound {
    <# .SYNOPSIS Returns the correlation attributes that hold here, by BAGGAGE. #>
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param()

    $bound = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    if (([string] $env:BAGGAGE).Length -gt 8192) { return $bound }
    $given = ConvertFrom-OtelPairList -Text $env:BAGGAGE
    foreach ($key in $script:CorrelationKeys) {
        $text = [string] $given[$key]
        if ($text -eq '' -or $text.Length -gt 256 -or $text -match '[\x00-\x1f\x7f]') { continue }
        $value = ConvertTo-OtelCorrelation -Key $key -Value $text
        if ($script:IntegerKeys -notcontains $key -or $value -is [long]) { $bound[$key] = $value }
    }
    return $bound
}

function ConvertTo-OtelCorrelation {
    <# .SYNOPSIS Returns a text with the type that its key has in the catalogue, if it can have that. #>
    [CmdletBinding()]
    [OutputType([string], [long])]
    param([string] $Key, [AllowEmptyString()][string] $Value)

    $number = [long] 0
    $style = [System.Globalization.NumberStyles]::AllowLeadingSign
    if ($script:IntegerKeys -contains $Key -and
        [long]::TryParse($Value, $style, [System.Globalization.CultureInfo]::InvariantCulture, [ref] $number)) {
        return $number
    }
    return $Value
}

function Get-OtelBaggage {
    <# .SYNOPSIS Returns baggage with these correlation attributes, and with what others had put there. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([System.Collections.IDictionary] $Bound)

    $entries = New-Object -TypeName 'System.Collections.Generic.List[string]'
    foreach ($entry in ([string] $env:BAGGAGE).Split(',')) {
        $key = $entry.Split('=')[0].Trim()
        if ($key -and $entry.Contains('=') -and $script:CorrelationKeys -notcontains $key) { $entries.Add($entry.Trim()) }
    }
    foreach ($key in $script:CorrelationKeys) {
        $text = [string] $Bound[$key]
        if ($text -and $text.Length -le 256) { $entries.Add($key + '=' + [Uri]::EscapeDataString($text)) }
    }
    return $entries -join ','
}

function Get-OtelSeverity {
    <# .SYNOPSIS Returns OpenTelemetry's severity number of a number, a name or a word; 0 if it is none. #>
    [CmdletBinding()]
    [OutputType([int])]
    param([AllowNull()][object] $Value)

    $text = ([string] $Value).Trim().ToLowerInvariant()
    if ($text -match '^[0-9]{1,2}$' -and [int] $text -ge 1 -and [int] $text -le 24) { return [int] $text }
    if ($text -match '^(trace|debug|info|warn|error|fatal)([234])$') { return $script:SeverityWords[$Matches[1]] + [int] $Matches[2] - 1 }
    if ($script:SeverityWords.ContainsKey($text)) { return $script:SeverityWords[$text] }
    return 0
}

function Get-OtelNow {
    <# .SYNOPSIS Returns the nanoseconds since 1970. #>
    [CmdletBinding()]
    [OutputType([long])]
    param()

    return [long] (([DateTime]::UtcNow.Ticks - [long] 621355968000000000) * 100)
}

function Get-OtelRandomId {
    <# .SYNOPSIS Returns random bytes as hexadecimal digits. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([int] $Bytes)

    $random = New-Object -TypeName 'byte[]' -ArgumentList $Bytes
    $generator = [System.Security.Cryptography.RandomNumberGenerator]::Create()
    try { $generator.GetBytes($random) }
    finally { $generator.Dispose() }
    return [BitConverter]::ToString($random).Replace('-', '').ToLowerInvariant()
}
