# Records that wait in files of a private folder, and how they are sent: each file is one element of a request.

$script:Batch = 100
$script:MostFiles = 10000
$script:Pause = 30 # seconds without another try, when the endpoint is away
$script:NextTry = [DateTime]::MinValue

function Get-OtelSpoolFolder {
    <# .SYNOPSIS Returns the folder of what waits for an address; makes it, for this user alone. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([ValidateSet('logs', 'traces')][string] $Signal, [string] $Url)

    $onWindows = $env:OS -eq 'Windows_NT'
    $state = $env:XDG_STATE_HOME
    if ($onWindows) { $state = $env:LOCALAPPDATA }
    elseif (-not $state) { $state = Join-Path -Path $env:HOME -ChildPath '.local/state' }
    # Without what an address may hold of names and passwords.
    $place = [regex]::Replace($Url, '^[a-zA-Z]+://([^/@]*@)?', '')
    $name = $Signal + '-' + [regex]::Replace($place, '[^a-zA-Z0-9.]+', '-')
    $path = [System.IO.Path]::Combine($state, 'otel-events', 'powershell', $name)
    if (-not [System.IO.Directory]::Exists($path)) {
        [void] [System.IO.Directory]::CreateDirectory($path)
        # Windows gives %LOCALAPPDATA% to its user alone.
        if (-not $onWindows) { & '/bin/chmod' '700' ([System.IO.Path]::GetDirectoryName($path)) $path }
    }
    return $path
}

function Add-OtelSpool {
    <# .SYNOPSIS Keeps a record until it is sent. #>
    [CmdletBinding()]
    param([ValidateSet('logs', 'traces')][string] $Signal, [string] $Record)

    if (-not (Test-OtelEnabled -Signal $Signal)) { return }
    $folder = Get-OtelSpoolFolder -Signal $Signal -Url (Get-OtelEndpoint -Signal $Signal).Url
    $element = $script:RecordTemplates[$Signal] -f (Get-OtelResource), $Record
    $path = [System.IO.Path]::Combine($folder, [string] (Get-OtelNow) + '-' + (Get-OtelRandomId -Bytes 8))
    # Under its name only when it is whole.
    [System.IO.File]::WriteAllText("$path.part", $element)
    [System.IO.File]::Move("$path.part", "$path.json")
}

function Send-OtelWaiting {
    <# .SYNOPSIS Sends what waits for one signal until a watch shows so many milliseconds; returns whether all of it was taken. #>
    [CmdletBinding()]
    [OutputType([bool])]
    param([ValidateSet('logs', 'traces')][string] $Signal, [System.Diagnostics.Stopwatch] $Watch, [int] $Milliseconds)

    $endpoint = Get-OtelEndpoint -Signal $Signal
    $folder = Get-OtelSpoolFolder -Signal $Signal -Url $endpoint.Url
    $list = @{ logs = 'resourceLogs'; traces = 'resourceSpans' }[$Signal]
    $most = $script:Batch
    while ($true) {
        $files = @([System.IO.Directory]::GetFiles($folder, '*.json') | Sort-Object)
        if ($files.Count -eq 0) { return $true }
        $left = $Milliseconds - [int] $Watch.ElapsedMilliseconds
        if ($left -le 0) { return $false }
        Remove-OtelOldest -Files $files
        $batch = @($files | Select-Object -First $most)
        $elements = @(foreach ($file in $batch) { if ([System.IO.File]::Exists($file)) { [System.IO.File]::ReadAllText($file) } })
        $status = Send-OtelRequest -Endpoint $endpoint -Body ('{"' + $list + '":[' + ($elements -join ',') + ']}') -Milliseconds $left
        if ($status -ge 200 -and $status -lt 300) {
            foreach ($file in $batch) { [System.IO.File]::Delete($file) }
        }
        elseif (@(400, 413, 415, 422) -contains $status) {
            # Something in there is not understood, and will not be later: find out what, and let the rest go.
            if ($batch.Count -eq 1) { [System.IO.File]::Delete($batch[0]) }
            $most = 1
        }
        else {
            $script:NextTry = [DateTime]::UtcNow.AddSeconds($script:Pause)
            return $false
        }
    }
}

function Remove-OtelOldest {
    <# .SYNOPSIS Deletes what is beyond the most files that may wait. #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Files of its own.')]
    [CmdletBinding()]
    param([string[]] $Files)

    for ($i = 0; $i -lt $Files.Count - $script:MostFiles; $i++) { [System.IO.File]::Delete($Files[$i]) }
}

function Send-OtelRequest {
    <# .SYNOPSIS Posts a request and returns the status of the answer, 0 if there is none. #>
    [CmdletBinding()]
    [OutputType([int])]
    param([hashtable] $Endpoint, [string] $Body, [int] $Milliseconds)

    $cancel = New-Object -TypeName System.Threading.CancellationTokenSource -ArgumentList $Milliseconds
    try {
        $content = New-Object -TypeName System.Net.Http.StringContent -ArgumentList $Body, ([System.Text.Encoding]::UTF8), 'application/json'
        $request = New-Object -TypeName System.Net.Http.HttpRequestMessage -ArgumentList ([System.Net.Http.HttpMethod]::Post), $Endpoint.Url
        $request.Content = $content
        $request.Headers.ExpectContinue = $false # 5.1 would ask first whether it may send
        foreach ($name in $Endpoint.Headers.PSBase.Keys) { [void] $request.Headers.TryAddWithoutValidation($name, [string] $Endpoint.Headers[$name]) }
        $answer = $script:Client.SendAsync($request, $cancel.Token).GetAwaiter().GetResult()
        return [int] $answer.StatusCode
    }
    catch {
        Write-Verbose -Message "no answer from the endpoint: $_"
        return 0
    }
    finally { $cancel.Dispose() }
}
