# The agent pipeline's own ledger: a flat line of JSON for each event, in a file to which others append as well.

# .NET's format strings, for plain JSON, spaced as Python writes it, because scripts grep for that.
$script:LineTemplates = @{
    Nothing   = 'null'
    Text      = '"{0}"'
    Integer   = '{0}'
    Number    = '{0}'
    NoNumber  = '{{"doubleValue": "{0}"}}'
    Boolean   = '{0}'
    Bytes     = '{{"bytesValue": "{0}"}}'
    List      = '[{0}]'
    Map       = '{{{0}}}'
    Attribute = '"{0}": {1}'
    Between   = ', '
}
$script:LedgerPath = 'fdo_agi_repo/memory/resonance_ledger.jsonl'
$script:LedgerPatience = 200 # milliseconds to wait for another who is writing

function Add-OtelLedgerLine {
    <#
    .SYNOPSIS
    Appends a flat line to the agent pipeline's ledger, as emit_event.ps1 does for each event.

    .DESCRIPTION
    To the file that AGI_LEDGER_PATH names, else to fdo_agi_repo/memory/resonance_ledger.jsonl beneath the present
    location; with a timestamp in ISO 8601 and one in Unix seconds. Never fails; -Verbose shows why there is no line.

    .PARAMETER EventType
    What happened: the name stands on the line as it is given.

    .PARAMETER Payload
    Its keys are at the top of the line. Those that the line itself has stand in an object "attributes".

    .PARAMETER Ids
    task_id, persona_id, session_id; one that is empty is taken from BAGGAGE, if it is there.

    .EXAMPLE
    Add-OtelLedgerLine health_check @{ status = 'HEALTHY' } -Ids @{ session_id = 's-1' }
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [AllowEmptyString()]
        [string] $EventType,

        [Parameter(Position = 1)]
        [System.Collections.IDictionary] $Payload = @{},

        [System.Collections.IDictionary] $Ids = @{}
    )

    try {
        $line = ConvertTo-OtelLine -Record (New-OtelLedgerRecord -EventType $EventType -Payload $Payload -Ids $Ids)
        $path = [string] $env:AGI_LEDGER_PATH
        if (-not $path) { $path = $script:LedgerPath }
        # .NET has a directory of its own, which is not where the script is.
        $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($path)
        Add-OtelLine -Path $path -Line $line
    }
    catch { Write-Verbose -Message "the line of $EventType could not be appended: $_" }
}

function New-OtelLedgerRecord {
    <# .SYNOPSIS Returns what a line says, in its order. #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'It changes nothing.')]
    [CmdletBinding()]
    [OutputType([System.Collections.Specialized.OrderedDictionary])]
    param([string] $EventType, [System.Collections.IDictionary] $Payload, [System.Collections.IDictionary] $Ids)

    $now = [DateTime]::UtcNow
    $bound = Get-OtelBound
    $record = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    $record['event'] = $EventType
    foreach ($pair in @(@('task_id', 'task_id'), @('persona_id', 'persona'), @('session_id', 'session_id'))) {
        $key = [string] $pair[0]
        $attribute = [string] $pair[1]
        $value = $Ids[$key]
        if (-not $value -and -not $Payload.Contains($key) -and -not $Payload.Contains($attribute)) { $value = $bound[$attribute] }
        if ($value) { $record[$key] = $value }
    }
    $aside = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    foreach ($given in $Payload.PSBase.Keys) {
        $name = [string] $given
        if (@('event', 'timestamp', 'ts') -ccontains $name) { $aside[$name] = $Payload[$given] }
        elseif (-not $record.Contains($name)) { $record[$name] = $Payload[$given] }
    }
    if ($aside.Count -gt 0) {
        if ($record.Contains('attributes')) { $aside['attributes'] = $record['attributes'] }
        $record.Remove('attributes')
    }
    $record['timestamp'] = $now.ToString('yyyy-MM-ddTHH:mm:ss.ffffff', [System.Globalization.CultureInfo]::InvariantCulture) + '+00:00'
    $record['ts'] = [double] (($now.Ticks - [long] 621355968000000000) / 1e7)
    if ($aside.Count -gt 0) { $record['attributes'] = $aside }
    return $record
}

function ConvertTo-OtelLine {
    <# .SYNOPSIS Returns a record as one line of plain JSON, without the secrets that keys name. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([System.Collections.IDictionary] $Record)

    $templates = $script:ValueTemplates
    try {
        $script:ValueTemplates = $script:LineTemplates
        return ConvertTo-OtelValue -Value $Record
    }
    finally { $script:ValueTemplates = $templates }
}

function Add-OtelLine {
    <# .SYNOPSIS Appends a line to a file, in one write; others may have it open. #>
    [CmdletBinding()]
    param([string] $Path, [string] $Line)

    $folder = [System.IO.Path]::GetDirectoryName($Path)
    if (-not [System.IO.Directory]::Exists($folder)) {
        [void] [System.IO.Directory]::CreateDirectory($folder)
        if ($env:OS -ne 'Windows_NT') { & '/bin/chmod' '700' $folder }
    }
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($Line + "`n")
    $file = $null
    $lock = Open-OtelLock -Path "$Path.lock"
    try {
        $file = [System.IO.File]::Open($Path, 'Append', 'Write', 'ReadWrite')
        $file.Write($bytes, 0, $bytes.Length)
    }
    finally {
        if ($null -ne $file) { $file.Dispose() }
        if ($null -ne $lock) { $lock.Dispose() }
    }
}

function Open-OtelLock {
    <# .SYNOPSIS Returns the file by which the ledger's writers take turns, Python's among them; nothing if another keeps it. #>
    [CmdletBinding()]
    [OutputType([System.IO.FileStream])]
    param([string] $Path)

    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        # Shared with nobody: on Windows none can open it meanwhile, elsewhere .NET holds it by flock, as Python does.
        try { return [System.IO.File]::Open($Path, 'OpenOrCreate', 'ReadWrite', 'None') }
        catch {
            if ($watch.ElapsedMilliseconds -gt $script:LedgerPatience) {
                Write-Verbose -Message "the ledger's lock cannot be had: $_"
                return
            }
        }
        Start-Sleep -Milliseconds 5
    }
}
