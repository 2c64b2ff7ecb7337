<#
.SYNOPSIS
Emits one event, with the parameters of the agent pipeline's own emit_event.ps1.

.DESCRIPTION
Appends a flat line to the ledger (AGI_LEDGER_PATH, by default fdo_agi_repo/memory/resonance_ledger.jsonl), and sends the
event by the module OtelEvents, which must lie beside this script, to the endpoint of OTEL_EXPORTER_OTLP_ENDPOINT. It
needs no Python, writes nothing to the pipeline, and never fails: what cannot be sent waits in a private folder for the
next call.

.PARAMETER EventType
What happened: health_check, task_started, or a name of your own.

.PARAMETER Payload
What else is to be said of it: a hashtable, or an object, such as ConvertFrom-Json gives; any keys.

.PARAMETER TaskId
The task that it belongs to. Without it: the task that the caller began, or was begun in.

.PARAMETER PersonaId
Who did it.

.PARAMETER SessionId
The session that it belongs to.

.EXAMPLE
& "$PSScriptRoot\emit_event.ps1" -EventType "health_check" -Payload @{ status = "HEALTHY"; confidence = 0.786 } -SessionId $SessionId
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true, Position = 0)]
    [AllowEmptyString()]
    [string] $EventType,

    [Parameter(Position = 1)]
    [AllowNull()]
    [object] $Payload = $null,

    [AllowEmptyString()]
    [string] $TaskId = '',

    [AllowEmptyString()]
    [string] $PersonaId = '',

    [AllowEmptyString()]
    [string] $SessionId = ''
)

try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'OtelEvents') -ErrorAction Stop
    $attributes = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    if ($Payload -is [System.Collections.IDictionary]) {
        foreach ($key in $Payload.PSBase.Keys) { $attributes[[string] $key] = $Payload[$key] }
    }
    elseif ($Payload -is [string]) {
        $attributes['value'] = $Payload # more than text -File cannot give
    }
    elseif ($null -ne $Payload) {
        foreach ($property in $Payload.PSObject.Properties) { $attributes[$property.Name] = $property.Value }
    }
    Add-OtelLedgerLine -EventType $EventType -Payload $attributes -Ids @{ task_id = $TaskId; persona_id = $PersonaId; session_id = $SessionId }
    if ($TaskId) { $attributes['task_id'] = $TaskId }
    if ($PersonaId) { $attributes['persona'] = $PersonaId }
    if ($SessionId) { $attributes['session_id'] = $SessionId }
    Send-OtelEvent -Name $EventType -Attributes $attributes
}
catch {
    # To report must never break what is reported on.
    Write-Verbose -Message "emit_event: $_"
}
