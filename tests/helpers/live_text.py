"""Text that a browser would execute, load or follow, if it were not made inert."""

SCRIPT = "<script>document.title = 'owned'; fetch('/owned')</script>"
LIVE = {
    "script": SCRIPT,
    "image": "<img src=x onerror=\"document.title='owned'; fetch('/owned')\">",
    "svg": "<svg onload=\"document.title='owned'; fetch('/owned')\"></svg>",
    "link": "[click](javascript:document.title='owned')",
    "reference": "[click][1]\n\n[1]: javascript:document.title='owned'",
    "autolink": "<javascript:document.title='owned'>",
    "data": "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "frame": "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "style": "<style>@import url(/owned)</style>",
    "form": "<form action=/owned><input autofocus onfocus=\"document.title='owned'\"></form>",
    "formula": r"$\href{javascript:document.title='owned'}{x}$ $$\style{background:url(/owned)}{x}$$",
    "fence": "```\n</code></pre>" + SCRIPT + "\n```\n" + SCRIPT,
    "long fence": "``````\n" + SCRIPT,
    "meta": '<meta http-equiv="refresh" content="0;url=/owned">',
    "base": '<base href="//owned.example/">',
}
