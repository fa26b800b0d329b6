"""The floors of the house: arrows point only down, and each room keeps to its own tools.

Reads the source text, so it also sees what is compiled out.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "rust" / "perpcore" / "src"
BRIDGE = ROOT / "rust" / "perpcore-arrow" / "src"
PACKAGE = ROOT / "python" / "perpcore"

# Lowest first. A room may use what stands before it, never what stands after it.
FLOORS = [
    *("control", "word", "num", "fault", "rule", "rules", "message"),
    *("pricing", "margin", "book"),
    *("sweep", "monitor", "ledger"),
    *("liquidation", "financing"),
    *("venue", "watch"),
]
# Of the bridge: what is not named here stands above all of these.
BRIDGE_FLOORS = ["contract", "guard", "decode", "residents", "encode", "assess"]
# Accounts get their numbers as the rows of commands come.
NUMBERED = BRIDGE / "decode" / "commands.rs"

# What the pure crate may never touch, and why.
FOREIGN = {
    "arrow": "the core knows no Arrow",
    "pyo3": "the core knows no Python",
    "numpy": "the core knows no Python",
    "rand": "the core has no randomness",
    "chrono": "the core has no clock",
}
OUTSIDE = re.compile(r"\bstd::(fs|net|time|process)\b|\b(SystemTime|Instant)::now\b")

# `unsafe` lives where memory changes hands; nowhere else.
UNSAFE_CRATES = {"perpcore-arrow", "perpcore-py"}
# The kernel for instructions that not every processor has.
UNSAFE_KERNEL = ROOT / "rust" / "perpcore" / "src" / "sweep" / "kernel" / "wide"
# An allocator that counts cannot be written without.
COUNTING_ALLOCATOR = ROOT / "rust" / "perpcore" / "tests" / "book_allocations.rs"

NOISE = re.compile(
    r"""//[^\n]*                            # comments
      | /\*.*?\*/
      | r(\#*)".*?"\1                       # raw strings
      | "(?:\\.|[^"\\])*"                   # strings
      | '(?:\\[^\n']+|[^\\\n'])'            # characters, not lifetimes
    """,
    re.VERBOSE | re.DOTALL,
)


def code(text: str) -> str:
    """The text without comments and literals; lines keep their numbers."""
    return NOISE.sub(lambda found: "\n" * found[0].count("\n") or " ", text)


def sources(crate: Path) -> list[Path]:
    return sorted(crate.rglob("*.rs"))


def room(path: Path, crate: Path) -> str:
    return path.relative_to(crate).parts[0].removesuffix(".rs")


def heads(text: str) -> list[str]:
    """The first names of a path, or of each path in `{a::b, c}`."""
    if not text.startswith("{"):
        found = re.match(r"\w+", text)
        return [found[0]] if found else []
    names, depth, fresh = [], 0, False
    for token in re.findall(r"\w+|[{},]", text):
        if token in "{}":
            depth += 1 if token == "{" else -1
            fresh = fresh or (token == "{" and depth == 1)
            if depth == 0:
                break
        elif token == ",":
            fresh = depth == 1
        elif fresh:
            names.append(token)
            fresh = False
    return names


def uses(path: Path, crate: Path) -> Iterator[tuple[int, str]]:
    """(line, room) of every path that leaves the file's own room: `crate::…` and chains of `super`."""
    text = code(path.read_text(encoding="utf-8"))
    place = list(path.relative_to(crate).with_suffix("").parts)
    if place[-1] in ("mod", "lib"):
        place.pop()
    inline: list[int] = []  # brace depths at which `mod name {` opened
    depth = 0
    for token in re.finditer(r"\bmod\s+\w+\s*\{|\{|\}|\bcrate::|\b(?:super::)+", text):
        line = text.count("\n", 0, token.start()) + 1
        if token[0] == "}":
            depth -= 1
            if inline and inline[-1] == depth:
                inline.pop()
        elif token[0].endswith("{"):
            if token[0] != "{":
                inline.append(depth)
            depth += 1
        elif token[0] == "crate::" or token[0].count("super") == len(place) + len(inline):
            yield from ((line, name) for name in heads(text[token.end() :]))


def test_the_floors_are_read_as_rust_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "margin" / "value.rs"
    path.parent.mkdir()
    path.write_text(
        "use crate::{num::{E8, text}, fault::Fault};\n"
        "// use crate::venue;\n"
        'const A: &str = "crate::watch";\n'
        "fn f<'a>(x: &'a str) -> char { '{' }\n"
        "use super::line;\n"
        "use super::super::pricing::Mark;\n"
        "mod tests { use super::*; use super::super::line; use super::super::super::book; }\n"
        "fn g() { crate::sweep::run() }\n",
        encoding="utf-8",
    )
    assert list(uses(path, tmp_path)) == [(1, "num"), (1, "fault"), (6, "pricing"), (7, "book"), (8, "sweep")]


def test_every_room_of_the_core_has_a_floor() -> None:
    rooms = {room(path, CORE) for path in sources(CORE)} - {"lib"}
    assert rooms <= set(FLOORS), "a new room: give it a place in FLOORS and in ARCHITECTURE.md"


def test_arrows_point_down() -> None:
    upward = [
        f"{path.relative_to(ROOT)}:{line}: {room(path, CORE)} uses {used}, which stands above it"
        for path in sources(CORE)
        if room(path, CORE) != "lib"
        for line, used in uses(path, CORE)
        if used in FLOORS and FLOORS.index(used) > FLOORS.index(room(path, CORE))
    ]
    assert not upward, "\n".join(upward)


def test_arrows_of_the_bridge_point_down() -> None:
    rooms = {room(path, BRIDGE) for path in sources(BRIDGE)} - {"lib"}
    upward = [
        f"{path.relative_to(ROOT)}:{line}: {here} uses {used}, which stands above it"
        for path in sources(BRIDGE)
        if (here := room(path, BRIDGE)) in BRIDGE_FLOORS and path != NUMBERED
        for line, used in uses(path, BRIDGE)
        if used in rooms - set(BRIDGE_FLOORS[: BRIDGE_FLOORS.index(here) + 1])
    ]
    assert not upward, "\n".join(upward)


def test_the_core_depends_on_nothing_foreign() -> None:
    told = tomllib.loads((CORE.parent / "Cargo.toml").read_text(encoding="utf-8"))
    names = {name for kind in ("dependencies", "build-dependencies") for name in told.get(kind, {})}
    foreign = {name: why for name in names for word, why in FOREIGN.items() if name.split("-")[0].startswith(word)}
    assert not foreign


def test_the_core_sees_no_files_clock_or_network() -> None:
    seen = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in sources(CORE)
        for found in OUTSIDE.finditer(code(path.read_text(encoding="utf-8")))
    ]
    assert not seen


def test_unsafe_stays_in_its_rooms() -> None:
    stray = [
        str(path.relative_to(ROOT))
        for crate in sorted((ROOT / "rust").iterdir())
        if crate.name not in UNSAFE_CRATES
        for path in sources(crate)
        if UNSAFE_KERNEL not in path.parents
        and path != COUNTING_ALLOCATOR
        and re.search(r"\bunsafe\b", code(path.read_text(encoding="utf-8")))
    ]
    assert not stray


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, module) of every import that runs; those under `if TYPE_CHECKING` do not."""
    idle = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body
        for inner in ast.walk(child)
    }
    for node in ast.walk(tree):
        if id(node) in idle:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def test_only_tables_imports_pyarrow() -> None:
    stray = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "_tables.py"
        for line, module in imports(ast.parse(path.read_text(encoding="utf-8")))
        if module.split(".")[0] == "pyarrow"
    ]
    assert not stray, f"pyarrow is imported outside python/perpcore/_tables.py: {stray}"
