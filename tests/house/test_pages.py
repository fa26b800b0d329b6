"""README.md and the pages under docs/ tell the truth: their code runs and prints what they show.

- Every ```python block runs; the blocks of a page share one namespace and one scratch folder.
- Comment lines at the margin directly below a statement that printed are what it printed.
- A ```text block directly below a ```python block is what the block printed beyond that.
- Every `$ perpcore …` line of a ```console block runs, must exit 0, and prints what is shown below.
- `…` stands for any text within a line; a line that is only `…` for any lines.
"""

import ast
import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) if path.exists())
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """A fenced block: language, text, the line the text starts on, whether it directly follows another."""

    language: str
    text: str
    line: int
    follows: bool


def blocks(page: str) -> list[Block]:
    found: list[Block] = []
    end = 0
    for fence in FENCE.finditer(page):
        follows = bool(found) and not page[end : fence.start()].strip()
        found.append(Block(fence[1], fence[2], page.count("\n", 0, fence.start(2)) + 1, follows))
        end = fence.end()
    return found


def agrees(shown: str, real: str) -> bool:
    """Whether a page's text matches what was printed."""
    pattern = ""
    for line in shown.strip("\n").splitlines():
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(line.rstrip()).replace("…", "[^\n]*") + "\n"
    tidy = "".join(line.rstrip() + "\n" for line in real.strip("\n").splitlines())
    return re.fullmatch(pattern, tidy) is not None


def compare(shown: str, real: str, where: str) -> None:
    assert agrees(shown, real), f"{where}\n--- shown\n{shown.rstrip()}\n--- printed\n{real.rstrip()}"


def comment_below(lines: list[str], after: int, until: int) -> str:
    """The comment lines at the margin directly below line `after` (counted from 1)."""
    told = []
    for line in lines[after:until]:
        if not line.startswith("#"):
            break
        told.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(told)


def run_python(block: Block, namespace: dict[str, object], page: str) -> str:
    """Runs a block statement by statement; returns what it printed and no comment shows."""
    tree = ast.parse(block.text, page)
    ast.increment_lineno(tree, block.line - 1)
    lines = [""] * (block.line - 1) + block.text.splitlines()
    rest = ""
    bounds = [(node.end_lineno or node.lineno, node) for node in tree.body]
    ends = [after.lineno - 1 for _, (_, after) in pairwise(bounds)] + [len(lines)]
    for (end, node), until in zip(bounds, ends, strict=True):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(ast.Module([node], []), page, "exec"), namespace)
        shown = comment_below(lines, end, until)
        if said.getvalue() and shown:
            compare(shown, said.getvalue(), f"{page}:{end}")
        else:
            rest += said.getvalue()
    return rest


def run_console(block: Block, page: str) -> None:
    """Runs the `$ perpcore …` lines; a line that ends in a backslash goes on."""
    text = block.text.replace("\\\n", " ")
    for part in re.split(r"^(?=\$ )", text, flags=re.MULTILINE):
        command, _, shown = part.partition("\n")
        if not command.startswith("$ perpcore"):
            continue
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.removeprefix("$ ")],
            env={**os.environ, "PATH": path, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "110"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        where = f"{page}:{block.line}: {command}"
        assert done.returncode == 0, f"{where}\nexit {done.returncode}\n{done.stderr}"
        if shown.strip():
            compare(shown, done.stdout, where)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_page_tells_the_truth(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if (ROOT / "examples").exists():
        (tmp_path / "examples").symlink_to(ROOT / "examples")
    page = path.relative_to(ROOT).as_posix()
    namespace: dict[str, object] = {"__name__": "__main__"}
    found = blocks(path.read_text(encoding="utf-8"))
    for block, below in pairwise([*found, Block("", "", 0, False)]):
        if block.language == "python":
            rest = run_python(block, namespace, page)
            if below.language == "text" and below.follows:
                compare(below.text, rest, f"{page}:{below.line}")
        elif block.language == "console":
            run_console(block, page)


def test_a_page_that_lies_is_caught() -> None:
    code = "a = 2\nprint(a)\n# 2\nprint('x', a)\n\n# a remark\nprint(1); print(2)\n"
    page = f"```python\n{code}```\n\n```text\nx …\n1\n2\n```\n"
    block, below = blocks(page)
    assert below.follows
    rest = run_python(block, {}, "page")
    assert rest == "x 2\n1\n2\n"
    compare(below.text, rest, "page")
    with pytest.raises(AssertionError, match="shown"):
        run_python(Block("python", "print(3)\n# 4\n", 1, False), {}, "page")
    assert agrees("a\n…\nb … c", "a\n1\n2\nb 9 c\n")
    assert not agrees("a\n…\nb", "a\n1\n")


def test_the_front_page_has_code_that_runs() -> None:
    assert any(block.language == "python" for block in blocks((ROOT / "README.md").read_text(encoding="utf-8")))
