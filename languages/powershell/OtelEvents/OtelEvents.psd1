@{
    RootModule           = 'OtelEvents.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '7182c6a4-9396-4248-b24d-d27d882a87dc'
    Author               = 'otel_events'
    Copyright            = 'Apache-2.0'
    Description          = 'Say what happens in PowerShell, as events of OpenTelemetry over OTLP/HTTP. Needs nothing else.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FunctionsToExport    = @('Send-OtelEvent', 'Start-OtelTask', 'Stop-OtelTask', 'Set-OtelContext', 'Send-OtelSpool', 'Add-OtelLedgerLine')
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    FileList             = @('OtelEvents.psd1', 'OtelEvents.psm1', 'Records.ps1', 'Values.ps1', 'Surroundings.ps1', 'Spool.ps1', 'Ledger.ps1', 'known.json')
    PrivateData          = @{ PSData = @{ Tags = @('OpenTelemetry', 'Events', 'Observability') } }
}
