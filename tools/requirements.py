"""Prints the packages that pyproject.toml asks for: `run` (to build and run) or `dev` (and to test)."""

import sys
import tomllib
from pathlib import Path


def main() -> None:
    """One requirement a line."""
    told = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    wishes = [*told["build-system"]["requires"], *told["project"]["dependencies"]]
    if sys.argv[1] == "dev":
        wishes += told["project"]["optional-dependencies"]["dev"]
    print("\n".join(wishes))


if __name__ == "__main__":
    main()
