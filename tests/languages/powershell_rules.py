"""Rules for PowerShell that runs in 5.1 and 7, over a parsed file: what PSScriptAnalyzer would say, where none is at hand."""

from __future__ import annotations

import re

import tree_sitter
import tree_sitter_powershell

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
VERBS = frozenset(
    [
        "Add",
        "Clear",
        "Close",
        "Copy",
        "Enter",
        "Exit",
        "Find",
        "Format",
        "Get",
        "Hide",
        "Join",
        "Lock",
        "Move",
        "New",
        "Open",
        "Optimize",
        "Pop",
        "Push",
        "Redo",
        "Remove",
        "Rename",
        "Reset",
        "Resize",
        "Search",
        "Select",
        "Set",
        "Show",
        "Skip",
        "Split",
        "Step",
        "Switch",
        "Undo",
        "Unlock",
        "Watch",
        "Backup",
        "Checkpoint",
        "Compare",
        "Compress",
        "Convert",
        "ConvertFrom",
        "ConvertTo",
        "Dismount",
        "Edit",
        "Expand",
        "Export",
        "Group",
        "Import",
        "Initialize",
        "Limit",
        "Merge",
        "Mount",
        "Out",
        "Publish",
        "Restore",
        "Save",
        "Sync",
        "Unpublish",
        "Update",
        "Approve",
        "Assert",
        "Complete",
        "Confirm",
        "Deny",
        "Disable",
        "Enable",
        "Install",
        "Invoke",
        "Register",
        "Request",
        "Restart",
        "Resume",
        "Start",
        "Stop",
        "Submit",
        "Suspend",
        "Uninstall",
        "Unregister",
        "Wait",
        "Debug",
        "Measure",
        "Ping",
        "Repair",
        "Resolve",
        "Test",
        "Trace",
        "Connect",
        "Disconnect",
        "Read",
        "Receive",
        "Send",
        "Write",
        "Block",
        "Grant",
        "Protect",
        "Revoke",
        "Unblock",
        "Unprotect",
        "Use",
    ]  # words in a row are easier to read
)
# Cmdlets of 5.1 and 7, with their parameters, as far as we use them.
CMDLETS = {
    "Add-Type": {"AssemblyName"},
    "ConvertFrom-Json": set(),
    "Export-ModuleMember": {"Function"},
    "Get-Command": {"Name", "CommandType", "ErrorAction"},
    "Import-Module": {"Name", "ErrorAction"},
    "Join-Path": {"Path", "ChildPath"},
    "New-Object": {"TypeName", "ArgumentList"},
    "Select-Object": {"First"},
    "Set-StrictMode": {"Off"},
    "Sort-Object": set(),
    "Start-Sleep": {"Milliseconds"},
    "Write-Verbose": {"Message"},
}
# Variables that PowerShell sets; those of 7 alone are errors to assign there.
AUTOMATIC = frozenset(
    [
        "args",
        "consolefilename",
        "error",
        "event",
        "eventargs",
        "eventsubscriber",
        "executioncontext",
        "false",
        "foreach",
        "home",
        "host",
        "input",
        "iscoreclr",
        "islinux",
        "ismacos",
        "iswindows",
        "lastexitcode",
        "matches",
        "myinvocation",
        "nestedpromptlevel",
        "null",
        "pid",
        "profile",
        "psboundparameters",
        "pscmdlet",
        "pscommandpath",
        "psculture",
        "psdebugcontext",
        "pshome",
        "psitem",
        "psscriptroot",
        "pssenderinfo",
        "psuiculture",
        "psversiontable",
        "pwd",
        "sender",
        "shellid",
        "stacktrace",
        "switch",
        "this",
        "true",
        "_",
    ]  # words in a row are easier to read
)
# The grammar itself is of 5.1: `??`, `?.` and `a ? b : c` do not parse.
_LATER = {"&&", "||"}


def parse(source):
    return _PARSER.parse(source.encode()).root_node


def walk(node):
    yield node
    for child in node.children:
        yield from walk(child)


def text(node):
    return node.text.decode()


def first(node, kind):
    return next((each for each in walk(node) if each.type == kind), None)


def functions(root):
    """Return the functions of a file by their name."""
    return {text(first(node, "function_name")): node for node in walk(root) if node.type == "function_statement"}


def parameters(node):
    """Return the names of the parameters of a function, or of a script."""
    block = first(node, "param_block")
    if block is None:
        return []
    found = (each for each in walk(block) if each.type == "script_parameter")
    return [text(next(child for child in each.children if child.type == "variable"))[1:] for each in found]


def problems(source, known=()):
    """Return what is wrong with a file, as sentences; *known* are the functions of other files with their parameters."""
    root = parse(source)
    own = {name: set(parameters(node)) for name, node in functions(root).items()}
    return [
        *_of_syntax(root),
        *_of_encoding(source),
        *_of_functions(root),
        *_of_commands(root, {**dict(known), **own}),
        *_of_variables(root),
        *_of_catches(root),
    ]


def _of_syntax(root):
    for node in walk(root):
        if node.type == "ERROR" or node.is_missing:
            yield f"line {node.start_point.row + 1}: does not parse: {text(node)[:60]!r}"
        elif not node.children and text(node) in _LATER and node.type == text(node):
            yield f"line {node.start_point.row + 1}: {text(node)} is not of 5.1"


def _of_encoding(source):
    if not source.isascii():
        yield "not ASCII: 5.1 reads it in the system's code page"
    if "\t" in source:
        yield "has tabs"


def _of_functions(root):
    for name, node in functions(root).items():
        verb, dash, noun = name.partition("-")
        if not dash or verb not in VERBS:
            yield f"{name}: {verb} is no approved verb"
        if re.search(r"[^sS]s$", noun):
            yield f"{name}: the noun is a plural"
        if "[CmdletBinding(" not in text(node) or first(node, "param_block") is None:
            yield f"{name}: no CmdletBinding with a param block"
        if node.end_point.row - node.start_point.row > 75:
            yield f"{name}: too long"


def _of_commands(root, known):
    everything = {**CMDLETS, **known}
    for node in walk(root):
        if node.type != "command":
            continue
        name_node = node.child_by_field_name("command_name")
        name = text(name_node)
        if any(child.type == "command_invokation_operator" for child in node.children):
            continue  # & or . with a path
        line = node.start_point.row + 1
        if name not in everything:
            yield f"line {line}: {name} is no function of ours and no cmdlet that we use"
            continue
        elements = node.child_by_field_name("command_elements")
        for each in elements.children if elements is not None else ():
            if each.type == "command_parameter" and text(each)[1:] not in everything[name] | {"Verbose", "ErrorAction"}:
                yield f"line {line}: {name} has no parameter {text(each)}"


def _of_variables(root):
    holders = list(functions(root).items()) or [("the script", root)]
    if functions(root):
        holders.append(("the file", root))
    script_wide = {name.lower() for name in re.findall(r"\$script:(\w+)\s*=", text(root))}
    for owner, node in holders:
        is_file = owner == "the file"
        inside = [each for each in walk(node) if each.type == "variable" and not (is_file and _is_in_function(each))]
        names = {name.lower() for name in parameters(node)} if not is_file else set()
        names |= {_plain(each) for each in inside if _is_assigned(each)}
        for each in inside:
            name = _plain(each)
            if _is_assigned(each) and name in AUTOMATIC:
                yield f"{owner}: assigns the automatic variable {text(each)}"
            if ":" in name:
                scope, _, rest = name.partition(":")
                if scope == "script" and rest not in script_wide | OTHERS:
                    yield f"{owner}: {text(each)} is set nowhere"
            elif name not in names | AUTOMATIC:
                yield f"{owner}: {text(each)} is set nowhere"


# Variables of the script that another file of the module sets; filled by the tests.
OTHERS: set[str] = set()


def _plain(variable):
    return text(variable).strip("${}").lower()


def _is_in_function(node):
    while node is not None:
        if node.type == "function_statement":
            return True
        node = node.parent
    return False


def _is_assigned(variable):
    node = variable
    if variable.parent is not None and variable.parent.type in {"foreach_statement", "script_parameter"}:
        return True
    while node is not None and node.type not in {
        "statement_list",
        "element_access",
        "member_access",
        "invokation_expression",
    }:
        if node.type == "left_assignment_expression":
            return text(node) == text(variable) or text(node).endswith(f"]{text(variable)}")
        node = node.parent
    return False


def _of_catches(root):
    for node in walk(root):
        if node.type == "catch_clause" and first(node, "statement_list") is None:
            yield f"line {node.start_point.row + 1}: an empty catch"
