<#
.SYNOPSIS
Starts the activity publisher: with the packages that it needs, and a NATS server if none answers.

.DESCRIPTION
Looks for Python and for the packages, says what is missing and how to get it, and hands over to
python -m otel_events.compat.activity_launcher, which starts nats-server from the PATH where none answers, for this
machine alone, and ends it with itself. A server that was there already is left alone.
The exit code is 0 after Ctrl-C, 2 if something is missing.

.PARAMETER Path
Directories that are watched.

.PARAMETER Extensions
Of the files that are looked at, such as .md; none for all.

.PARAMETER NatsUrl
Where to publish. Without it: NATS_URL, else this machine.

.PARAMETER HeartbeatSeconds
Seconds between two heartbeats; 0 for none.

.PARAMETER Initial
How many of the newest files are told at the start.

.PARAMETER NoContent
Tell no prompts and responses.

.PARAMETER Rules
A file that says what files mean, in the place of the three classifiers.

.PARAMETER Polling
Look again and again instead of being told by the system: network drives.

.PARAMETER Python
The Python that has the packages.

.EXAMPLE
& .\start_activity.ps1 -Path C:\work\tasks, C:\work\docs -Extensions .md, .json
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true, Position = 0)]
    [string[]] $Path,

    [string[]] $Extensions = @(),

    [string] $NatsUrl = '',

    [ValidateRange(0, 86400)]
    [int] $HeartbeatSeconds = 30,

    [ValidateRange(0, 100000)]
    [int] $Initial = 20,

    [switch] $NoContent,

    [string] $Rules = '',

    [switch] $Polling,

    [string] $Python = 'python'
)

if ($null -eq (Get-Command -Name $Python -CommandType Application -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine("missing: $Python. Install Python, or name it with -Python")
    exit 2
}
& $Python '-c' 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)' 'otel_events'
if ($LASTEXITCODE -ne 0) {
    [Console]::Error.WriteLine('missing: otel-events. pip install "otel-events[nats,watch]"')
    exit 2
}

$arguments = @('-m', 'otel_events.compat.activity_launcher', '--heartbeat', "$HeartbeatSeconds", '--initial', "$Initial")
if ($NatsUrl) { $arguments += @('--nats', $NatsUrl) }
if ($Extensions.Count -gt 0) { $arguments += @('--extensions', ($Extensions -join ',')) }
if ($NoContent) { $arguments += '--no-content' }
if ($Rules) { $arguments += @('--rules', $Rules) }
if ($Polling) { $arguments += '--polling' }
$arguments += '--'
foreach ($each in $Path) {
    # 5.1 puts quotes around what has a blank, where a backslash at the end would be one of the closing quote.
    if ($each -match '\s') { $each = $each.TrimEnd('\') }
    $arguments += $each
}

& $Python $arguments
exit $LASTEXITCODE
