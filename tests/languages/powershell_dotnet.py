"""Rules about values: types and members that .NET has under 5.1 and 7 alike, and what PowerShell does to a result unasked."""

from __future__ import annotations

import re

from tests.languages.powershell_rules import first, functions, parse, text, walk


def _words(text):
    return frozenset(text.split())


# As far as we use them; each is of .NET Framework 4.5 and of .NET.
TYPES = _words(
    """
    array bool byte byte[] char datetime double enum hashtable int int16 long object ref regex sbyte single
    string string[] switch timespan uint16 uint32 uint64 void BitConverter Console Convert DateTime Environment
    Guid Math StringComparison Uri ValueType System.Collections.Generic.Dictionary[string,string]
    System.Collections.IDictionary System.Collections.IEnumerable
    System.Collections.Specialized.OrderedDictionary System.DateTimeOffset System.Diagnostics.Stopwatch
    System.Globalization.CultureInfo System.Globalization.NumberStyles System.IO.Directory System.IO.File
    System.IO.FileStream System.IO.Path System.Management.Automation.ErrorRecord System.Management.Automation.PSCredential
    System.Management.Automation.PSCustomObject System.Net.Http.HttpMethod System.Net.SecurityProtocolType
    System.Net.ServicePointManager System.Security.Cryptography.RandomNumberGenerator
    System.Security.SecureString System.Text.Encoding
    """
)
MADE = _words(
    """
    byte[] System.Collections.Generic.Dictionary[string,object]
    System.Collections.Generic.Dictionary[string,string] System.Collections.Generic.List[string]
    System.Collections.Specialized.OrderedDictionary System.Collections.Stack System.Net.Http.HttpClient
    System.Net.Http.HttpClientHandler System.Net.Http.HttpRequestMessage System.Net.Http.StringContent
    System.Text.StringBuilder System.Threading.CancellationTokenSource
    """
)
STATIC = _words(
    """
    BitConverter::ToString Console::Error Convert::ToBase64String Convert::ToInt32 DateTime::MinValue
    DateTime::UtcNow Environment::GetEnvironmentVariable Guid::NewGuid Math::Floor Math::Min
    StringComparison::Ordinal System.Diagnostics.Stopwatch::StartNew
    System.Globalization.CultureInfo::InvariantCulture System.Globalization.NumberStyles::AllowLeadingSign
    System.IO.Directory::CreateDirectory System.IO.Directory::Exists System.IO.Directory::GetFiles
    System.IO.File::Delete System.IO.File::Exists System.IO.File::Move System.IO.File::Open
    System.IO.File::ReadAllText
    System.IO.File::WriteAllText System.IO.Path::Combine System.IO.Path::GetDirectoryName
    System.Net.Http.HttpMethod::Post System.Net.SecurityProtocolType::Tls12
    System.Net.ServicePointManager::SecurityProtocol System.Security.Cryptography.RandomNumberGenerator::Create
    System.Text.Encoding::UTF8 Uri::EscapeDataString Uri::UnescapeDataString char::IsLowSurrogate double::IsNaN
    double::IsNegativeInfinity double::IsPositiveInfinity long::MaxValue long::TryParse regex::Match
    regex::Matches regex::Replace
    """
)
# Methods that return nothing. (`Add` of a generic list does not; that of an ArrayList would, so there is none.)
_VOID = _words(
    """
    Add Delete Dispose GetBytes Move Push Remove RemoveAt Write WriteAllText WriteLine
    """
)
_OF_SEVEN = _words("$iscoreclr $islinux $ismacos $iswindows $psstyle")
# A hashtable answers `.Keys` with the value of a key of that name, if it has one.
_OF_KEYS = frozenset({"Keys", "Values"})


def problems(source):
    """Return what is wrong with a file, as sentences."""
    root = parse(source)
    return [
        *_of_versions(root),
        *_of_types(root),
        *_of_members(root),
        *_of_unasked_output(root),
        *_of_returns(root),
        *_of_texts(root),
    ]


def _of_versions(root):
    for node in walk(root):
        if node.type == "variable" and text(node).lower() in _OF_SEVEN:
            yield f"{_line(node)}: {text(node)} is of 7 alone"
        if node.type in {"class_statement", "enum_statement"}:
            yield f"{_line(node)}: types of one's own stay in a session when the module is loaded anew"


def _of_types(root):
    for node in walk(root):
        if node.type == "type_literal" and (name := text(node)[1:-1].replace(" ", "")) not in TYPES:
            yield f"{_line(node)}: [{name}] is no type that we know to be in 5.1 and 7"
        made = (
            re.match(r"New-Object -TypeName '?([\w.]+(?:\[[\w,]*\])?)", text(node)) if node.type == "command" else None
        )
        if made is not None and made[1] not in MADE:
            yield f"{_line(node)}: {made[1]} is no type that we know to be in 5.1 and 7"


def _of_members(root):
    for node in walk(root):
        if node.type not in {"member_access", "invokation_expression"}:
            continue
        parts = [child.type for child in node.children]
        if "member_name" not in parts:
            yield f"{_line(node)}: a member whose name is worked out"
            continue
        owner, member = text(node.children[0]), text(node.children[parts.index("member_name")])
        if "::" in parts:
            name = f"{owner.strip('[]')}::{member}"
            if name not in STATIC:
                yield f"{_line(node)}: {name} is no member that we know to be in 5.1 and 7"
        elif member in _OF_KEYS and not owner.endswith(".PSBase"):
            yield f"{_line(node)}: .{member} may be the value of a key of that name; .PSBase.{member} is not"


def _of_unasked_output(root):
    """A call whose result nobody takes is a result of the function: it is among what the caller gets."""
    for node in walk(root):
        if node.type != "pipeline" or node.parent.type != "statement_list" or _is_taken(node):
            continue
        inner = node
        while len(inner.children) == 1:
            inner = inner.children[0]
        if inner.type == "invokation_expression":
            member = next(text(child) for child in inner.children if child.type == "member_name")
            if member not in _VOID:
                yield f"{_line(inner)}: what {member} returns goes to the caller: [void], or take it"


def _is_taken(node):
    """Tell whether what *node* gives is part of an expression: `@(...)`, or `$(...)` in a text."""
    while node is not None and node.type != "function_statement":
        if node.type in {"array_expression", "sub_expression"}:
            return True
        node = node.parent
    return False


def _of_returns(root):
    """A list that is returned comes as its elements: a list of one as no list, an empty one as nothing."""
    for name, node in functions(root).items():
        given = {
            text(next(child for child in each.children if child.type == "variable"))
            for each in walk(first(node, "param_block") or node)
            if each.type == "script_parameter" and "[object]" in text(each)
        }
        if "OutputType([System.Collections.IDictionary])" in text(node):
            continue  # which comes as it is
        for each in walk(node):
            if each.type == "flow_control_statement" and text(each).removeprefix("return").strip() in given:
                yield f"{_line(each)}: {name} returns what it was given: a list would come as its elements"


def _of_texts(root):
    for node in walk(root):
        if node.type == "expandable_string_literal" and re.search(r"\$(?!script:|env:)\w+:", text(node)):
            yield f"{_line(node)}: a colon behind a variable makes it the name of a drive"


def _line(node):
    return f"line {node.start_point.row + 1}"
