"""The page on which to log in, which looks as the page behind it does."""

# The colours and sizes are those of web/src/styles/tokens.css.
STYLE = """
:root { color-scheme: light dark; --ground: light-dark(#f6f7f9, #0f1317); --surface: light-dark(#ffffff, #151a20);
  --line: light-dark(#dde3e9, #28303a); --line-strong: light-dark(#b9c3cd, #3d4855); --text: light-dark(#1a222b, #dde4eb);
  --muted: light-dark(#465361, #a3afbc); --accent: light-dark(oklch(0.46 0.1 165), oklch(0.79 0.12 165));
  --on-accent: light-dark(#ffffff, #0b1410); --focus: light-dark(oklch(0.5 0.16 250), oklch(0.75 0.13 250)); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header { display: flex; align-items: center; gap: 8px; height: 42px; padding: 0 14px; font-weight: 650;
  background: var(--surface); border-bottom: 1px solid var(--line); }
header svg { color: var(--accent); }
main { max-width: 30rem; margin: 10vh auto; padding: 0 16px; }
section { padding: 20px 22px; background: var(--surface); border: 1px solid var(--line); border-radius: 8px; }
h1 { margin: 0 0 12px; font-size: 20px; font-weight: 600; }
p { margin: 0 0 8px; color: var(--muted); }
code { display: block; margin-bottom: 20px; padding: 8px 12px; overflow-x: auto; white-space: nowrap;
  font: 12.5px/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--ground); border: 1px solid var(--line); border-radius: 5px; }
label { display: block; color: var(--muted); }
input { display: block; width: 100%; height: 36px; margin: 4px 0 12px; padding: 0 10px; font: inherit; color: inherit;
  background: var(--ground); border: 1px solid var(--line-strong); border-radius: 5px; }
button { min-height: 36px; padding: 0 18px; font: inherit; font-weight: 550; color: var(--on-accent);
  background: var(--accent); border: 0; border-radius: 5px; cursor: pointer; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
"""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{head}
<title>otel-events: log in</title><style>{style}</style></head><body>
<header><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
<path d="M2 4h8M2 8h12M2 12h5" stroke="currentColor" stroke-width="2" stroke-linecap="round"/></svg>otel-events</header>
<main><section><h1 role="alert">{problem}</h1>
<p>Open the link that this command prints; each is good once, for five minutes:</p>
<code>otel-events serve --print-login</code>
<form method="post" action="{login}"><label>Or enter the server's token
<input type="password" name="token" autocomplete="current-password" required autofocus></label>
<button>Log in</button></form></section></main></body></html>
"""
