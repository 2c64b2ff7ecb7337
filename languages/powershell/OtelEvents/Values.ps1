# From values of PowerShell to OTLP's JSON, as text: ASCII only, so that no encoding can harm it.

# .NET's format strings, which a test fills in as well.
$script:ValueTemplates = @{
    Nothing   = '{}'
    Text      = '{{"stringValue":"{0}"}}'
    Integer   = '{{"intValue":"{0}"}}'
    Number    = '{{"doubleValue":{0}}}'
    NoNumber  = '{{"doubleValue":"{0}"}}'
    Boolean   = '{{"boolValue":{0}}}'
    Bytes     = '{{"bytesValue":"{0}"}}'
    List      = '{{"arrayValue":{{"values":[{0}]}}}}'
    Map       = '{{"kvlistValue":{{"values":[{0}]}}}}'
    Attribute = '{{"key":"{0}","value":{1}}}'
    Between   = ','
}
$script:LongestText = 65536
$script:DeepestValue = 8
$script:MostItems = 1000
$script:MostAttributes = 128

function ConvertTo-OtelJsonText {
    <# .SYNOPSIS Escapes a text for JSON, without the quotes around it. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowEmptyString()][string] $Text)

    $builder = New-Object -TypeName System.Text.StringBuilder
    $end = [Math]::Min($Text.Length, $script:LongestText)
    for ($i = 0; $i -lt $end; $i++) {
        $code = [int] $Text[$i]
        if ($code -eq 34 -or $code -eq 92) {
            [void] $builder.Append('\').Append($Text[$i])
        }
        elseif ($code -ge 32 -and $code -lt 127) {
            [void] $builder.Append($Text[$i])
        }
        elseif ($code -lt 0xD800 -or $code -gt 0xDFFF) {
            [void] $builder.Append('\u').Append($code.ToString('x4'))
        }
        elseif ($code -le 0xDBFF -and ($i + 1) -lt $Text.Length -and [char]::IsLowSurrogate($Text[$i + 1])) {
            [void] $builder.Append('\u').Append($code.ToString('x4')).Append('\u').Append(([int] $Text[$i + 1]).ToString('x4'))
            $i++
        }
        else {
            # Half a character, for which UTF-8 has no place.
            [void] $builder.Append('\ufffd')
        }
    }
    if ($Text.Length -gt $script:LongestText) { [void] $builder.Append('\u2026') }
    return $builder.ToString()
}

function ConvertTo-OtelValue {
    <# .SYNOPSIS Returns OTLP's JSON of one value. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([AllowNull()][object] $Value, [int] $Depth = 0)

    $templates = $script:ValueTemplates
    if ($null -eq $Value) { return $templates.Nothing }
    if ($Value -is [string] -or $Value -is [char]) { return $templates.Text -f (ConvertTo-OtelJsonText -Text ([string] $Value)) }
    if ($Value -is [bool]) { return $templates.Boolean -f $Value.ToString().ToLowerInvariant() }
    if ($Value -is [switch]) { return $templates.Boolean -f $Value.IsPresent.ToString().ToLowerInvariant() }
    if ($Value -is [enum]) { return $templates.Text -f (ConvertTo-OtelJsonText -Text $Value.ToString()) }
    if ($Value -is [double] -or $Value -is [single]) { return ConvertTo-OtelNumber -Value $Value }
    if ($Value -is [ValueType]) { return ConvertTo-OtelSmallValue -Value $Value }
    if ($Value -is [System.Security.SecureString] -or $Value -is [System.Management.Automation.PSCredential]) {
        return $templates.Text -f '<REDACTED:credentials>'
    }
    if ($Value -is [byte[]]) { return $templates.Bytes -f [Convert]::ToBase64String($Value) }
    if ($Depth -ge $script:DeepestValue) { return $templates.Text -f '\u2026' }
    if ($Value -is [System.Collections.IDictionary]) {
        return $templates.Map -f (ConvertTo-OtelAttributeList -Attributes $Value -Depth ($Depth + 1))
    }
    if ($Value -is [System.Collections.IEnumerable]) { return ConvertTo-OtelList -Items $Value -Depth ($Depth + 1) }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        return $templates.Map -f (ConvertTo-OtelAttributeList -Attributes (ConvertTo-OtelDictionary -InputObject $Value) -Depth ($Depth + 1))
    }
    return $templates.Text -f (ConvertTo-OtelJsonText -Text ([string] $Value))
}

function ConvertTo-OtelNumber {
    [CmdletBinding()]
    [OutputType([string])]
    param([double] $Value)

    if ([double]::IsNaN($Value)) { return $script:ValueTemplates.NoNumber -f 'NaN' }
    if ([double]::IsPositiveInfinity($Value)) { return $script:ValueTemplates.NoNumber -f 'Infinity' }
    if ([double]::IsNegativeInfinity($Value)) { return $script:ValueTemplates.NoNumber -f '-Infinity' }
    # A comma for the point, as some countries write it, would be no JSON.
    return $script:ValueTemplates.Number -f $Value.ToString('R', [System.Globalization.CultureInfo]::InvariantCulture)
}

function ConvertTo-OtelSmallValue {
    <# .SYNOPSIS Returns the JSON of an integer, a time, or another value type. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([ValueType] $Value)

    $invariant = [System.Globalization.CultureInfo]::InvariantCulture
    $templates = $script:ValueTemplates
    if ($Value -is [datetime] -or $Value -is [System.DateTimeOffset]) { return $templates.Text -f $Value.ToString('o', $invariant) }
    if ($Value -is [timespan]) { return ConvertTo-OtelNumber -Value $Value.TotalSeconds }
    if ($Value -is [int] -or $Value -is [long] -or $Value -is [int16] -or $Value -is [byte] -or $Value -is [sbyte] -or
        $Value -is [uint16] -or $Value -is [uint32] -or ($Value -is [uint64] -and $Value -le [long]::MaxValue)) {
        return $templates.Integer -f $Value.ToString($invariant)
    }
    return $templates.Text -f (ConvertTo-OtelJsonText -Text ([string] $Value))
}

function ConvertTo-OtelList {
    [CmdletBinding()]
    [OutputType([string])]
    param([System.Collections.IEnumerable] $Items, [int] $Depth)

    $encoded = New-Object -TypeName 'System.Collections.Generic.List[string]'
    foreach ($item in $Items) {
        if ($encoded.Count -ge $script:MostItems) { break }
        $encoded.Add((ConvertTo-OtelValue -Value $item -Depth $Depth))
    }
    return $script:ValueTemplates.List -f ($encoded -join $script:ValueTemplates.Between)
}

function ConvertTo-OtelAttributeList {
    <# .SYNOPSIS Returns the JSON of attributes, without the brackets around them and without the secrets that keys name. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([System.Collections.IDictionary] $Attributes, [int] $Depth = 0)

    $encoded = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $most = $script:MostItems
    if ($Depth -eq 0) { $most = $script:MostAttributes }
    foreach ($key in $Attributes.PSBase.Keys) {
        $value = $Attributes[$key]
        if ($encoded.Count -ge $most -or ($null -eq $value -and $Depth -eq 0)) { continue }
        $json = Hide-OtelSecret -Key ([string] $key) -Value $value -Json (ConvertTo-OtelValue -Value $value -Depth $Depth)
        $encoded.Add(($script:ValueTemplates.Attribute -f (ConvertTo-OtelJsonText -Text ([string] $key)), $json))
    }
    return $encoded -join $script:ValueTemplates.Between
}

function ConvertTo-OtelDictionary {
    <# .SYNOPSIS Returns the properties of an object, or a dictionary as it is. #>
    [CmdletBinding()]
    [OutputType([System.Collections.IDictionary])]
    param([AllowNull()][object] $InputObject)

    if ($InputObject -is [System.Collections.IDictionary]) { return $InputObject }
    $found = New-Object -TypeName System.Collections.Specialized.OrderedDictionary
    if ($null -eq $InputObject) { return $found }
    if ($InputObject -is [string] -or $InputObject -is [ValueType]) {
        $found['value'] = $InputObject
        return $found
    }
    foreach ($property in $InputObject.PSObject.Properties) {
        try { $found[$property.Name] = $property.Value }
        catch { Write-Verbose -Message "property $($property.Name) cannot be read: $_" }
    }
    return $found
}

# -- secrets ---------------------------------------------------------------------------------------------------------

function Hide-OtelSecret {
    <# .SYNOPSIS Returns the JSON of a value, or of a marker where its key says that it is a secret and it may be one. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string] $Key, [AllowNull()][object] $Value, [string] $Json)

    if ($null -eq $Value -or $Value -is [bool] -or $Value -is [switch] -or ($Value -is [string] -and ($Value -eq '' -or $Value.StartsWith('<REDACTED')))) {
        return $Json
    }
    $kind = Get-OtelSecretKind -Key $Key
    if ($kind -eq '') { return $Json }
    if ($Json -match '^(\{"(int|double)Value"|[-0-9])' -and $kind -ne 'password' -and $kind -ne 'personal') {
        return $Json
    }
    return $script:ValueTemplates.Text -f "<REDACTED:$kind>"
}

function Get-OtelSecretKind {
    <# .SYNOPSIS Returns the kind of secret that a key names by its words, or ''. #>
    [CmdletBinding()]
    [OutputType([string])]
    param([string] $Key)

    if ($script:CorrelationKeys -contains $Key -or $Key.Length -gt 256) { return '' }
    $words = New-Object -TypeName 'System.Collections.Generic.List[string]'
    foreach ($match in [regex]::Matches($Key, '[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+')) { $words.Add($match.Value.ToLowerInvariant()) }
    while ($words.Count -gt 1 -and ($words[$words.Count - 1] -match '^[0-9]{1,4}$' -or $script:Known.ValueWords.ContainsKey($words[$words.Count - 1]))) {
        $words.RemoveAt($words.Count - 1)
    }
    if ($words.Count -lt 1 -or $words.Count -gt 12) { return '' }
    $last = $words[$words.Count - 1]
    $isSecretId = $last -eq 'id' -and $words.Count -gt 1 -and $words[$words.Count - 2] -eq 'secret'
    if ($script:Known.AboutWords.ContainsKey($last) -and -not $isSecretId) { return '' }
    foreach ($word in $words) {
        if (-not $script:Known.SecretWords.ContainsKey($word)) { continue }
        $kind = $script:Known.SecretWords[$word]
        if ($kind -ne 'token' -or $word -eq $last) { return $kind }
    }
    for ($i = 1; $i -lt $words.Count; $i++) {
        $pair = $words[$i - 1] + ' ' + $words[$i]
        if ($script:Known.SecretPairs.ContainsKey($pair)) { return $script:Known.SecretPairs[$pair] }
    }
    return Get-OtelSecretKindOfLast -Words $words.ToArray()
}

function Get-OtelSecretKindOfLast {
    [CmdletBinding()]
    [OutputType([string])]
    param([string[]] $Words)

    $last = $Words[$Words.Length - 1]
    if ($last -eq 'token') {
        foreach ($word in $Words) { if ($script:Known.TokenInnocent.ContainsKey($word)) { return '' } }
        return 'token'
    }
    foreach ($ending in $script:Known.SecretEndings.PSBase.Keys) {
        if ($last.EndsWith($ending, [StringComparison]::Ordinal)) { return $script:Known.SecretEndings[$ending] }
    }
    return ''
}
