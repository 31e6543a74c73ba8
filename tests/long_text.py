"""Long texts of a page as people read them, without the marks of where they may be cut."""

from __future__ import annotations

import re

CUT = re.compile(r'<span class="middle">((?:<span>[^<]*</span>)+)</span>')
PART = re.compile("</?span>")


def join_long_text(page: str) -> str:
    return CUT.sub(lambda cut: PART.sub("", cut[1]), page.replace("<wbr>", ""))
