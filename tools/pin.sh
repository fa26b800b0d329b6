#!/usr/bin/env bash
# Renews constraints.txt: the newest packages that install on the oldest Python perpcore supports.
#   tools/pin.sh [python3.11]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3.11}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/python" tools/requirements.py dev >"$scratch/wishes"
"$scratch/venv/bin/python" -m pip install --quiet -r "$scratch/wishes"
{
    sed -n '/^#/p' constraints.txt
    "$scratch/venv/bin/python" -m pip freeze --exclude setuptools --exclude pip
} >"$scratch/constraints"
if grep -n ' @ ' "$scratch/constraints"; then
    echo "a package without an exact version" >&2
    exit 1
fi
cp "$scratch/constraints" constraints.txt
git diff --stat -- constraints.txt
