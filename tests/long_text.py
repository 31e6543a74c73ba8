"""Long texts of a page as people read them, without the marks of where they may be cut."""

from __future__ import annotations

import re

CUT = re.compile(r'<span class="middle"><span>(.*?)</span><span>(.*?)</span></span>')


def join_long_text(page: str) -> str:
    return CUT.sub(r"\1\2", page.replace("<wbr>", ""))
