"""Exchanges with language models, as files hold them: JSON, front matter, headings, or lines with a name in front."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.watching.change import Change

_PROMPT = ("prompt", "question", "input", "user", "human")
_RESPONSE = ("response", "answer", "output", "completion", "assistant")
_MODEL = ("model", "model_name", "model_id", "engine")
_HEADING = re.compile(
    rf"^[ \t]*(?:\#{{1,6}}[ \t]*|\*\*)?({'|'.join((*_PROMPT, *_RESPONSE))})(?:\*\*)?[ \t]*(:?)(?:\*\*)?[ \t]*(.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_OTHER_HEADING = re.compile(r"^\#{1,6}[ \t]+\S", re.MULTILINE)
_STATED_MODEL = re.compile(r"\bmodel(?:_name|_id)?[\"'*]*[ \t]*[:=][ \t*]*[\"'`]?([\w][\w.:/-]{1,63})", re.IGNORECASE)
_KNOWN_MODEL = re.compile(
    r"(?<![a-z0-9])((?:gpt|claude|gemini|gemma|llama|mistral|mixtral|codestral|qwen|deepseek|phi|grok|command-r|falcon)"
    r"[-.]?[a-z0-9]*(?:[-.:][a-z0-9]+)*|o[134](?:-mini|-preview|-pro)?(?![a-z0-9]))",
    re.IGNORECASE,
)
UNKNOWN_MODEL = "unknown"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange; what is not there is ""."""

    model: str
    prompt: str
    response: str


def find_exchange(change: Change) -> Exchange | None:
    """Return the exchange that the file holds; None if it has neither a prompt nor a response."""
    fields = change.content.fields
    prompt, response = _stated(fields, _PROMPT), _stated(fields, _RESPONSE)
    if not (prompt and response) and isinstance(fields.get("messages"), list):
        asked, answered = _last_messages(fields["messages"])
        prompt, response = prompt or asked, response or answered
    if not (prompt and response) and not change.content.is_json:
        asked, answered = _sections(change.content.body)
        # A lone word such as `input:` makes no exchange.
        if (prompt or asked) and (response or answered):
            prompt, response = prompt or asked, response or answered
    if not prompt and not response:
        return None
    return Exchange(_model(change, fields), prompt, response)


def _stated(fields: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    return next((fields[key].strip() for key in keys if isinstance(fields.get(key), str)), "")


def _last_messages(messages: list[Any]) -> tuple[str, str]:
    """Return the last of the user's, and of the model's, of messages with `role` and `content`."""
    last: dict[str, str] = {}
    for message in messages:
        if isinstance(message, dict) and isinstance(message.get("content"), str):
            last[str(message.get("role"))] = message["content"].strip()
    return last.get("user", ""), last.get("assistant", "")


def _sections(text: str) -> tuple[str, str]:
    """Return what stands under the last heading, or behind the last name, of either kind."""
    found = [match for match in _HEADING.finditer(text) if _is_heading(match)]
    said = {"prompt": "", "response": ""}
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        body = text[match.start(3) : end]
        if match[0].lstrip().startswith("#") and (other := _OTHER_HEADING.search(body)):
            body = body[: other.start()]
        said["prompt" if match[1].lower() in _PROMPT else "response"] = body.strip()
    return said["prompt"], said["response"]


def _is_heading(match: re.Match[str]) -> bool:
    """Tell whether it is a heading, which stands alone, or a name with a colon."""
    line = match[0].lstrip()
    return bool(match[2]) or line.startswith("**") or (line.startswith("#") and not match[3].strip())


def _model(change: Change, fields: Mapping[str, Any]) -> str:
    """Return what the file states, as a field or in its text, else what its name says, else the first that its text names."""
    if stated := _stated(fields, _MODEL):
        return stated
    text = change.content.text
    in_text = _STATED_MODEL.search(text)
    found = in_text or _KNOWN_MODEL.search(change.path.stem) or _KNOWN_MODEL.search(text)
    return found[1] if found else UNKNOWN_MODEL
