"""What stands around a table of BENCHMARKING.md: when, where and of what it was measured, and its place there."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import perpcore as pc

ROOT = Path(__file__).parents[1]

Record = dict[str, Any]


def parser(name: str, doc: str | None, out: str) -> argparse.ArgumentParser:
    """The command line of `benches.<name>`, with what `record` reads."""
    made = argparse.ArgumentParser(prog=f"python -m benches.{name}", description=(doc or "").splitlines()[0])
    made.add_argument("--out", type=Path, default=ROOT / "out" / out)
    made.add_argument("--record", action="store_true", help="write the tables into BENCHMARKING.md")
    return made


def record(name: str, options: Any, measure: Callable[[], Record], page: Callable[[Record], Iterator[str]]) -> None:
    """Measures, writes what was found, and shows its page."""
    before = os.getloadavg()
    found: Record = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(["python", "-m", f"benches.{name}", *sys.argv[1:]]),
        "hardware": _hardware(),
        "versions": _versions(),
        **measure(),
    }
    found["load_average"] = {"before": before, "after": os.getloadavg()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    lines = "\n".join(page(found))
    print(lines)
    if options.record:
        begin, end = f"<!-- written by python -m benches.{name} --record -->", f"<!-- end of the {name} -->"
        path = ROOT / "BENCHMARKING.md"
        head, _, rest = path.read_text(encoding="utf-8").partition(begin)
        path.write_text(f"{head}{begin}\n\n{lines}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def conditions(found: Record, *packages: str) -> str:
    """When, where and of what: the first words of a page."""
    hardware, versions, load_average = found["hardware"], found["versions"], found["load_average"]
    return (
        f"{found['date'][:10]}, `{found['command']}`. {hardware['processor']}, {hardware['cores']} cores, "
        f"{hardware['memory_gib']} GiB, {hardware['system']}; load average {load_average['before'][0]:.1f} before, "
        f"{load_average['after'][0]:.1f} after. perpcore {versions['perpcore']['version']} "
        f"({versions['perpcore']['profile']}), Python {versions['python']}, "
        + ", ".join(f"{name} {versions[name]}" for name in packages)
    )


def status(field: str) -> int:
    """Bytes of this process that the kernel counts under a name. Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":")) * 1024


def say(done: str) -> None:
    """How far it is."""
    print(done, file=sys.stderr, flush=True)


def _hardware() -> Record:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _versions() -> Record:
    names = ["numpy", "pandas", "polars", "duckdb", "numba", "pyarrow"]
    return {"perpcore": pc.build_info(), "python": platform.python_version()} | {name: version(name) for name in names}
