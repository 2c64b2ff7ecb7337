# Events of OpenTelemetry from PowerShell 5.1 and 7. ASCII only: 5.1 takes a file without a mark for the system's code page.

# How strict the caller's session is must not decide what becomes of an event.
Set-StrictMode -Off
Add-Type -AssemblyName System.Net.Http
. (Join-Path -Path $PSScriptRoot -ChildPath 'Values.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'Surroundings.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'Records.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'Spool.ps1')
. (Join-Path -Path $PSScriptRoot -ChildPath 'Ledger.ps1')

if ($PSVersionTable.PSEdition -eq 'Desktop' -and [int] [System.Net.ServicePointManager]::SecurityProtocol -ne 0) {
    # Older Windows would offer what no endpoint takes any more. With 0 the system chooses, which knows best.
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.ServicePointManager]::SecurityProtocol -bor [System.Net.SecurityProtocolType]::Tls12
}
$script:Handler = New-Object -TypeName System.Net.Http.HttpClientHandler
# Followed, a request would become one that asks for a page: its answer would pass for events that were taken.
$script:Handler.AllowAutoRedirect = $false
$script:Client = New-Object -TypeName System.Net.Http.HttpClient -ArgumentList $script:Handler
$script:Known = Import-OtelKnown -Path (Join-Path -Path $PSScriptRoot -ChildPath 'known.json')
$script:Tasks = New-Object -TypeName System.Collections.Stack
$script:Patience = 2000 # milliseconds that a call may take to send, unless OTEL_EXPORTER_OTLP_TIMEOUT asks for less

function Send-OtelEvent {
    <#
    .SYNOPSIS
    Emits an event.

    .DESCRIPTION
    The event is in a file when the call returns; then what waits is sent to the endpoint of
    OTEL_EXPORTER_OTLP_ENDPOINT (http://localhost:4318 by default). If that is away, the next call tries again. An
    error in here is never an error of yours; -Verbose shows it.

    .PARAMETER Name
    What happened: a name with dots, such as evidence.added.

    .PARAMETER Attributes
    What is to be said of it: a hashtable, or any object, whose properties are then taken. From the pipeline: an event for each.

    .PARAMETER Message
    What to show people; by default what the catalogue says.

    .PARAMETER Severity
    OpenTelemetry's number or name, or a word such as warning or critical.

    .EXAMPLE
    Send-OtelEvent evidence.added @{ source = 'paper.pdf'; quality = 0.82 }

    .EXAMPLE
    Get-Service | Select-Object -Property 'Name', 'Status' | Send-OtelEvent service.seen

    .EXAMPLE
    Send-OtelEvent alert.triggered @{ port = 18091 } -Message 'Proxy port not responding' -Severity warning
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Name,

        [Parameter(Position = 1, ValueFromPipeline = $true)]
        [AllowNull()]
        [object] $Attributes = @{},

        [AllowEmptyString()]
        [string] $Message = '',

        [AllowNull()]
        [object] $Severity = $null
    )

    process {
        try {
            $record = New-OtelRecord -Name $Name -Attributes (ConvertTo-OtelDictionary -InputObject $Attributes) -Message $Message -Severity $Severity
            if ($script:Tasks.Count -gt 0) { Add-OtelNote -Task $script:Tasks.Peek() -Note $record.Note }
            Add-OtelSpool -Signal logs -Record $record.Log
        }
        catch { Write-Verbose -Message "the event $Name could not be kept: $_" }
    }

    end { Send-OtelSoon }
}

function Start-OtelTask {
    <#
    .SYNOPSIS
    Begins a task: task.started, a span, and its id on every event until Stop-OtelTask.

    .DESCRIPTION
    Sets TRACEPARENT and BAGGAGE in the environment, so that programs that you begin go on with trace and task.

    .PARAMETER Name
    What the task is called, of few distinct values.

    .PARAMETER TaskId
    Its id; made if you give none.

    .PARAMETER Attributes
    Of the span and of task.started. Correlation attributes (persona, session_id, cycle, ...) hold until the task ends.

    .EXAMPLE
    $task = Start-OtelTask draft -TaskId t-1 -Attributes @{ goal = 'a summary' }
    try { Invoke-Draft; Stop-OtelTask $task -Attributes @{ quality = 0.85 } }
    catch { Stop-OtelTask $task -ErrorRecord $_; throw }
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([hashtable])]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [string] $Name,

        [AllowEmptyString()]
        [string] $TaskId = '',

        [Parameter(Position = 1)]
        [AllowNull()]
        [System.Collections.IDictionary] $Attributes = @{}
    )

    if (-not $PSCmdlet.ShouldProcess($Name)) { return }
    $task = @{
        Name = $Name; TaskId = $TaskId; SpanId = Get-OtelRandomId -Bytes 8; TraceId = Get-OtelRandomId -Bytes 16; ParentSpanId = ''; Flags = 1
        Start = Get-OtelNow; Before = @{ Trace = $env:TRACEPARENT; Baggage = $env:BAGGAGE }; IsOpen = $true
        Own = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
        Notes = New-Object -TypeName 'System.Collections.Generic.List[string]'
    }
    try {
        $around = Get-OtelTrace
        if ($null -ne $around) { $task.TraceId = $around.TraceId; $task.ParentSpanId = $around.SpanId; $task.Flags = $around.Flags }
        Enter-OtelTask -Task $task -Attributes $Attributes
        $script:Tasks.Push($task)
        $record = New-OtelRecord -Name 'task.started' -Attributes $task.Own -Time $task.Start
        $task.Notes.Add($record.Note)
        Add-OtelSpool -Signal logs -Record $record.Log
        Send-OtelSoon
    }
    catch { Write-Verbose -Message "the task $Name could not be begun: $_" }
    return $task
}

function Enter-OtelTask {
    <# .SYNOPSIS Binds what a task binds, and lets its span hold from here on. #>
    [CmdletBinding()]
    param([hashtable] $Task, [AllowNull()][System.Collections.IDictionary] $Attributes)

    $bound = Get-OtelBound
    if ($null -ne $bound['task_id']) { $bound['parent_task_id'] = $bound['task_id'] }
    else { $bound.Remove('parent_task_id') }
    $bound['task_id'] = Get-OtelRandomId -Bytes 8
    $Task.Own['task_name'] = $Task.Name
    if ($null -ne $Attributes) {
        foreach ($key in $Attributes.PSBase.Keys) {
            if ($script:CorrelationKeys -contains $key) { $bound[[string] $key] = $Attributes[$key] }
            else { $Task.Own[[string] $key] = $Attributes[$key] }
        }
    }
    if ($Task.TaskId) { $bound['task_id'] = $Task.TaskId }
    $Task.TaskId = [string] $bound['task_id']
    $env:BAGGAGE = Get-OtelBaggage -Bound $bound
    $env:TRACEPARENT = '00-' + $Task.TraceId + '-' + $Task.SpanId + '-0' + $Task.Flags
}

function Add-OtelNote {
    <# .SYNOPSIS Adds a copy of an event to the span of a task; the oldest goes where there are too many. #>
    [CmdletBinding()]
    param([hashtable] $Task, [string] $Note)

    $Task.Notes.Add($Note)
    if ($Task.Notes.Count -gt $script:MostSpanEvents) { $Task.Notes.RemoveAt(0) }
}

function Stop-OtelTask {
    <#
    .SYNOPSIS
    Ends a task: task.completed, or task.failed if there was an error.

    .PARAMETER Task
    What Start-OtelTask returned; by default the task that was begun last.

    .PARAMETER Attributes
    Of the span and of the closing event.

    .PARAMETER ErrorRecord
    The error that the task failed with: $_ in a catch block.

    .PARAMETER Reason
    Why the task failed, where no error was thrown.

    .EXAMPLE
    Stop-OtelTask $task -Attributes @{ quality = 0.85 }

    .EXAMPLE
    Stop-OtelTask -Reason 'no evidence found'
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Position = 0)]
        [AllowNull()]
        [hashtable] $Task = $null,

        [AllowNull()]
        [System.Collections.IDictionary] $Attributes = @{},

        [AllowNull()]
        [System.Management.Automation.ErrorRecord] $ErrorRecord = $null,

        [AllowEmptyString()]
        [string] $Reason = ''
    )

    if ($null -eq $Task -and $script:Tasks.Count -gt 0) { $Task = $script:Tasks.Peek() }
    if ($null -eq $Task -or -not $Task.IsOpen -or -not $PSCmdlet.ShouldProcess($Task.Name)) { return }
    try {
        $Task.IsOpen = $false
        # Tasks that were begun inside and never ended leave with it; one that has left so itself takes nobody along.
        $isThere = $false
        foreach ($each in $script:Tasks) { if ($each.SpanId -eq $Task.SpanId) { $isThere = $true } }
        while ($isThere -and $script:Tasks.Pop().SpanId -ne $Task.SpanId) { Write-Verbose -Message 'a task inside was still open' }
        Write-OtelClosing -Task $Task -Attributes $Attributes -ErrorRecord $ErrorRecord -Reason $Reason
    }
    catch { Write-Verbose -Message "the task $($Task.Name) could not be ended: $_" }
    finally {
        $env:TRACEPARENT = $Task.Before.Trace
        $env:BAGGAGE = $Task.Before.Baggage
    }
    Send-OtelSoon
}

function Write-OtelClosing {
    <# .SYNOPSIS Keeps the closing event and the span of a task. #>
    [CmdletBinding()]
    param([hashtable] $Task, [AllowNull()][System.Collections.IDictionary] $Attributes, [AllowNull()][object] $ErrorRecord, [string] $Reason)

    $end = Get-OtelNow
    $results = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    if ($null -ne $Attributes) { foreach ($key in $Attributes.PSBase.Keys) { $results[[string] $key] = $Attributes[$key] } }
    $closing = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    $closing['task_name'] = $Task.Name
    foreach ($key in $results.PSBase.Keys) { $closing[$key] = $results[$key] }
    $closing['duration'] = [double] (($end - $Task.Start) / 1e9)
    $isFailed = $null -ne $ErrorRecord -or $Reason -ne ''
    $name = 'task.completed'
    if ($isFailed) {
        $name = 'task.failed'
        $failure = Get-OtelFailure -ErrorRecord $ErrorRecord -Reason $Reason
        foreach ($key in $failure.Attributes.PSBase.Keys) { $closing[$key] = $failure.Attributes[$key] }
        $results['error.type'] = $closing['error.type']
        $Reason = $failure.Text
    }
    # The span of this task holds here, whatever has happened to the environment.
    $env:TRACEPARENT = '00-' + $Task.TraceId + '-' + $Task.SpanId + '-0' + $Task.Flags
    $record = New-OtelRecord -Name $name -Attributes $closing -Time $end
    Add-OtelNote -Task $Task -Note $record.Note
    Add-OtelSpool -Signal logs -Record $record.Log
    if ($Task.Flags -eq 0) { return }
    $bound = Get-OtelBound
    foreach ($pairs in @($Task.Own, $results)) { foreach ($key in $pairs.PSBase.Keys) { $bound[$key] = $pairs[$key] } }
    Add-OtelSpool -Signal traces -Record (New-OtelSpan -Task $Task -End $end -Attributes $bound -Failure $Reason -IsFailed $isFailed)
}

function Get-OtelFailure {
    <# .SYNOPSIS Returns what a closing event says of an error, and the text for the span. #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([AllowNull()][object] $ErrorRecord, [string] $Reason)

    $attributes = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    if ($null -eq $ErrorRecord) {
        $attributes['reason'] = $Reason
        $attributes['error.type'] = '_OTHER'
        return @{ Attributes = $attributes; Text = $Reason }
    }
    $exception = $ErrorRecord.Exception
    $type = $exception.GetType().FullName
    if ($Reason) { $attributes['reason'] = $Reason }
    $attributes['error.type'] = $type
    $attributes['exception.type'] = $type
    $attributes['exception.message'] = $exception.Message
    $attributes['exception.stacktrace'] = [string] $ErrorRecord.ScriptStackTrace
    return @{ Attributes = $attributes; Text = $type + ': ' + $exception.Message }
}

function Set-OtelContext {
    <#
    .SYNOPSIS
    Puts correlation attributes on every event from here on, and on those of programs that are begun from here.

    .PARAMETER Attributes
    task_id, persona, session_id, cycle, day, env_id, episode; $null takes one away. Others do not travel, and are left out.

    .EXAMPLE
    Set-OtelContext @{ session_id = 's-1'; persona = 'thesis'; cycle = 42 }
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [System.Collections.IDictionary] $Attributes
    )

    if (-not $PSCmdlet.ShouldProcess('BAGGAGE')) { return }
    $bound = Get-OtelBound
    foreach ($key in $Attributes.PSBase.Keys) { if ($script:CorrelationKeys -contains $key) { $bound[[string] $key] = $Attributes[$key] } }
    $env:BAGGAGE = Get-OtelBaggage -Bound $bound
}

function Send-OtelSpool {
    <#
    .SYNOPSIS
    Sends what waits, now; returns $true if all of it was taken.

    .PARAMETER Seconds
    In all.

    .EXAMPLE
    Send-OtelSpool -Seconds 5
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([ValidateRange(1, 3600)][int] $Seconds = 10)

    $isAllTaken = $true
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    foreach ($signal in @('logs', 'traces')) {
        if (-not (Test-OtelEnabled -Signal $signal)) { continue }
        try { $isAllTaken = (Send-OtelWaiting -Signal $signal -Watch $watch -Milliseconds ($Seconds * 1000)) -and $isAllTaken }
        catch {
            Write-Verbose -Message "what waits could not be sent: $_"
            $isAllTaken = $false
        }
    }
    return $isAllTaken
}

function Send-OtelSoon {
    <# .SYNOPSIS Sends what waits, as far as there is time for it, unless the endpoint was away a moment ago. #>
    [CmdletBinding()]
    param()

    if ([DateTime]::UtcNow -lt $script:NextTry) { return }
    $milliseconds = $script:Patience
    $asked = [string] $env:OTEL_EXPORTER_OTLP_TIMEOUT
    if ($asked -match '^[0-9]{1,5}$' -and [int] $asked -gt 0 -and [int] $asked -lt $milliseconds) { $milliseconds = [int] $asked }
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    foreach ($signal in @('logs', 'traces')) {
        try {
            if ((Test-OtelEnabled -Signal $signal) -and -not (Send-OtelWaiting -Signal $signal -Watch $watch -Milliseconds $milliseconds)) { return }
        }
        catch { Write-Verbose -Message "what waits could not be sent: $_" }
    }
}

Export-ModuleMember -Function 'Send-OtelEvent', 'Start-OtelTask', 'Stop-OtelTask', 'Set-OtelContext', 'Send-OtelSpool', 'Add-OtelLedgerLine'
