"""`completion`: what the shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_EPILOG = """\b
Examples:
  otel-events completion bash >> ~/.bashrc
  otel-events completion zsh >> ~/.zshrc
  otel-events completion fish > ~/.config/fish/completions/otel-events.fish
"""


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete the commands and options of otel-events."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "otel-events", "_OTEL_EVENTS_COMPLETE").source())
