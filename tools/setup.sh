#!/usr/bin/env bash
# Checks what the machine must bring and keeps .venv in step with pyproject.toml and constraints.txt.
#   tools/setup.sh run    what running perpcore needs
#   tools/setup.sh dev    and what the tests need
# Prints one line for each thing that is missing. A repeat with nothing to do takes a fraction of a second.
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:?run or dev}
unset PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX
missing=0
lacks() { echo "perpcore: $1" >&2; missing=1; }

# --- Rust: a proxy without a toolchain is on the PATH too, so it is asked rather than looked for.
least=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
if ! rust=$(rustc --version 2>/dev/null) || ! cargo --version >/dev/null 2>&1; then
    lacks "no Rust toolchain: cargo and rustc $least or newer are needed on the PATH (install rustup, or the cargo package of the system)"
else
    have=$(awk '{print $2}' <<<"$rust")
    if [ "$(printf '%s\n%s\n' "$least" "${have%%-*}" | sort -V | head -n 1)" != "$least" ]; then
        lacks "Rust $have is too old: $least or newer is needed (rustup update)"
    elif [ "$want" = dev ]; then
        cargo fmt --version >/dev/null 2>&1 || lacks "no rustfmt: the tests need it (rustup component add rustfmt)"
        cargo clippy --version >/dev/null 2>&1 || lacks "no clippy: the tests need it (rustup component add clippy)"
    fi
fi

# --- C: Rust links with it, so linking is what is tried.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if ! command -v cc >/dev/null 2>&1; then
    lacks "no C compiler: cc is needed on the PATH to link (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
elif ! echo 'int main(void) { return 0; }' | cc -x c -o "$scratch/a" - 2>/dev/null; then
    lacks "the C compiler cc cannot link a program: its C library is missing (Debian: apt-get install libc6-dev)"
fi

# --- Python: each candidate is run, since a name on the PATH may be a shim for nothing.
probe='import sys
def lack(m):
    try: __import__(m)
    except ImportError: return True
v = "%d.%d" % sys.version_info[:2]
print(v, "old" if sys.version_info < (3, 11) else next((m for m in ("venv", "ensurepip") if lack(m)), "fit"))'
python="" reason=""
if [ -n "${PYTHON:-}" ]; then candidates=$PYTHON; else candidates="python3.13 python3.12 python3.11 python3 python3.14 python"; fi
for name in $candidates; do
    found=$("$name" -c "$probe" 2>/dev/null) || continue
    case $found in
        *" fit") python=$name reason=""; break ;;
        *" old") : "${reason:=$name is Python ${found% *}, which is too old: 3.11 or newer is needed}" ;;
        *) reason="$name (Python ${found% *}) lacks the module ${found#* }: the virtual environment needs it (Debian: apt-get install python${found% *}-venv)" ;;
    esac
done
if [ -z "$python" ]; then
    if [ -n "${PYTHON:-}" ]; then : "${reason:=PYTHON=$PYTHON does not run}"; fi
    lacks "${reason:-no Python: 3.11 or newer is needed on the PATH}"
fi
[ "$missing" = 0 ] || exit 1

# --- .venv: made anew when it was moved, when its interpreter is gone, or when PYTHON asks for another one.
place="$PWD"
version() { "$1" -c 'import sys; print(*sys.version_info[:3])' 2>/dev/null; }
if [ -e .venv ]; then
    if [ "$(cat .venv/place 2>/dev/null)" != "$place" ] || ! version .venv/bin/python >/dev/null ||
        { [ -n "${PYTHON:-}" ] && [ "$(version .venv/bin/python)" != "$(version "$python")" ]; }; then
        echo "perpcore: making .venv anew"
        rm -rf .venv .mypy_cache # mypy stumbles over the cache of another interpreter
    fi
fi
if [ ! -e .venv ]; then
    echo "perpcore: making .venv with $("$python" --version)"
    "$python" -m venv .venv || { echo "perpcore: $python could not make a virtual environment" >&2; exit 1; }
    echo "$place" >.venv/place
fi

# --- Packages: installed when the pins or the wishes changed since the last time.
wishes=$(.venv/bin/python tools/requirements.py "$want")
mark=$({ echo "$wishes"; cat constraints.txt; } | cksum)
if [ "$(cat ".venv/$want" 2>/dev/null)" != "$mark" ]; then
    echo "perpcore: installing packages ($want)"
    echo "$wishes" >"$scratch/wishes"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r "$scratch/wishes"
    echo "$mark" >".venv/$want"
fi
