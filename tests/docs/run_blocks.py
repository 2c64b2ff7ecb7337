"""Run blocks of a document one after the other in one namespace, and mark in the output where each begins.

Usage: run_blocks.py, with a JSON list of [name, first line, text] on standard input.
"""

import ast
import asyncio
import inspect
import json
import sys

MARK = "\x1e"


def main():
    namespace = {"__name__": "__main__"}
    blocks = json.load(sys.stdin)
    if "otel_events" not in "".join(text for _, _, text in blocks):
        exec("import otel_events as ev\nfrom otel_events import *", namespace)  # a fragment: readers know the import
    for name, line, text in blocks:
        print(end=MARK, flush=True)
        # Empty lines before it: tracebacks then name the document and the line in it.
        code = compile("\n" * (line - 1) + text, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, namespace)
        if inspect.iscoroutine(result):
            asyncio.run(result)


main()
