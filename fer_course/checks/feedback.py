"""What a check says, in its two forms: a card in a notebook, and one plain text everywhere else.

A terminal prints the text. A notebook gets both as one output, `text/html` and `text/plain`: JupyterLab, Colab, VS Code and
pages of executed lessons show the card; nbval compares the text.

A wrong answer also raises, so that nbgrader gives no points and papermill stops. Its error output would repeat the card. The
card hides it in JupyterLab and in pages that nbconvert writes. Other front ends show it, so it is cut to one short line where
a person sits in front of the kernel. Programs that execute notebooks read the traceback: there it is the whole text.
"""

from __future__ import annotations

import html
import re
import sys
from typing import NamedTuple


class Verdict(NamedTuple):
    """How one kind of answer is shown.

    Attributes:
        sign: what the plain text begins with.
        title: the words that say which verdict it is, so that the colour is never alone.
        colour: of the bar and the icon; 3 to 1 or more on the card's own ground, on white and on black (WCAG 1.4.11).
        icon: drawn in a box of 16 by 16.
        role: how a screen reader announces it: `alert` at once, `status` when it has finished its sentence.

    """

    sign: str
    title: str
    colour: str
    icon: str
    role: str


_DISC = '<circle cx="8" cy="8" r="7"/>'
RIGHT = Verdict("✔", "Right", "#2a8a4a", f'{_DISC}<path d="M4.8 8.2l2.3 2.4 4.2-5"/>', "status")
NOT_YET = Verdict("✘", "Not yet", "#b36b00", f'{_DISC}<path d="M5.5 5.5l5 5m0-5l-5 5"/>', "alert")
NOT_ATTEMPTED = Verdict("✘", "Not attempted yet", "#7a7a7a", f'{_DISC}<path d="M5 8h6"/>', "status")
INTERRUPTED = Verdict("✘", "Interrupted", "#b36b00", f'{_DISC}<path d="M6.3 5.5v5m3.4-5v5"/>', "alert")

#: How much of a card's colour is in its ground, of 255, as hexadecimal digits; the rest is the page's own ground.
TINT = "17"

#: The error output that follows the card of a wrong answer, in JupyterLab, Notebook 7, nbconvert's and nbgrader's pages.
_HIDE_ERROR = """<style>
.jp-OutputArea-child:has(.fer-card-raised) + .jp-OutputArea-child:has([data-mime-type$=".stderr"], [data-mime-type$=".error"]),
.output_area:has(.fer-card-raised) + .output_area:has(.output_error) { display: none; }
</style>"""

#: Inline, because front ends drop a style sheet when they don't trust a notebook. MathJax leaves these classes alone.
_CARD = """<div class="fer-card mathjax_ignore tex2jax_ignore{raised}" lang="en" role="{role}" style="display: flex; \
align-items: flex-start; gap: 0.6em; max-width: 60em; margin: 0.4em 0; padding: 0.6em 0.9em; line-height: 1.5; \
border-left: 0.25em solid {colour}; border-radius: 0.2em; background-color: {colour}{tint}; color: inherit">
<svg aria-hidden="true" width="1.25em" height="1.25em" viewBox="0 0 16 16" fill="none" stroke="{colour}" stroke-width="1.6" \
style="flex: none; margin: 0.12em 0 0">{icon}</svg>
<div style="min-width: 0; overflow-wrap: anywhere"><strong>{title}</strong>
{body}</div>
</div>"""


def say_right(message: str) -> None:
    """Show that an answer is right: a card in a notebook, one printed line elsewhere."""
    text = f"{RIGHT.sign} {message}"
    if _notebook_shell():
        _display(card(RIGHT, message), text)
    else:
        print(text)


def traceback_of(verdict: Verdict, message: str) -> list[str]:
    """Return the lines that IPython shows instead of the traceback of a wrong answer; in a notebook, show its card first."""
    text = f"{verdict.sign} {verdict.title}. {message}"
    shell = _notebook_shell()
    if shell is None:
        return [text]
    _display(_HIDE_ERROR + card(verdict, message, raised=True), text)
    # Programs such as papermill say that nobody can answer a question of the kernel; people's front ends say the opposite.
    return [f"{verdict.sign} {verdict.title}."] if getattr(shell.kernel, "_allow_stdin", False) else [text]


def card(verdict: Verdict, message: str, *, raised: bool = False) -> str:
    """Return a verdict and its message as HTML. Everything in the message is escaped.

    Args:
        verdict: which kind of answer.
        message: lines of text with `code`, **bold** and "- " lists.
        raised: whether an error output follows, which the card replaces.

    """
    return _CARD.format(
        raised=" fer-card-raised" if raised else "",
        role=verdict.role,
        colour=verdict.colour,
        tint=TINT,
        icon=verdict.icon,
        title=verdict.title,
        body=rendered(message),
    )


def rendered(message: str) -> str:
    """Return the lines of a message as HTML: paragraphs, lists, `code`, **bold**; a line of the learner's as code."""
    parts: list[str] = []
    for line in filter(str.strip, message.splitlines()):
        if item := re.match(r"\s*- (.+)", line):
            before = parts.pop().removesuffix("</ul>") if parts and parts[-1].endswith("</ul>") else f"<ul {_AIR}>"
            parts.append(f"{before}<li>{_inline(item[1])}</li></ul>")
        else:
            parts.append(f"<p {_AIR}>{_own_line(line) or _inline(line)}</p>")
    return "\n".join(parts)


_AIR = 'style="margin: 0.2em 0"'


def _own_line(line: str) -> str:
    """Return `in the line: CODE  (of NAME)`, which ends many hints, with its code marked as such; empty for other lines."""
    found = re.fullmatch(r"\s*in the line: (.*?)(\s+\(of \w+\))?", line)
    return f"in the line: <code>{html.escape(found[1])}</code>{found[2] or ''}" if found else ""


def _inline(text: str) -> str:
    """Return text as HTML: code between backticks as it is, bold between asterisks that are no powers or arguments."""
    pieces = re.split(r"`([^`]+)`", text)
    for place, piece in enumerate(pieces):
        escaped = html.escape(piece)
        bold = r"(?<![\w)\]*(,])\*\*(?=[^\s*])(.+?)(?<=[^\s*])\*\*(?![\w(\[*])"
        pieces[place] = f"<code>{escaped}</code>" if place % 2 else re.sub(bold, r"<strong>\1</strong>", escaped)
    return "".join(pieces)


def _notebook_shell():
    """Return the shell of the notebook that this runs in; None in a terminal, a script, or a test."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell if getattr(shell, "kernel", None) else None


def _display(page: str, text: str) -> None:
    from IPython.display import display

    display({"text/html": page, "text/plain": text}, raw=True)
