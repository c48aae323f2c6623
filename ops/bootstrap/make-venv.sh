#!/bin/sh
# Make the virtual environment "$1" with uv in it, from nothing but a Python of 3.11 or newer.
# PYTHON names the interpreter to use; otherwise the first one that runs is taken.
set -eu
venv=$1
hashes=$2

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
runs() { "$1" -c "$new_enough" >/dev/null 2>&1; }
can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Ask each candidate to run: the shims of pyenv exist for versions that are not selected, and fail.
found=
for python in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3}; do
    if runs "$python"; then
        found=${found:-$python}
        if can_make_venv "$python"; then found=$python; break; fi
    fi
done
if [ -z "$found" ]; then
    echo "No Python of 3.11 or newer runs here. Install one, or name it: make PYTHON=/path/to/python3" >&2
    exit 1
fi

# A virtual environment whose Python is gone or too old is of no use: make it anew.
if ! runs "$venv/bin/python"; then
    # Debian splits ensurepip off into a package of its own.
    if ! can_make_venv "$found"; then
        version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            echo "$found cannot make virtual environments; installing python3-venv" >&2
            export DEBIAN_FRONTEND=noninteractive
            apt-get install -y -q "python$version-venv" >&2 ||
                { apt-get update -q >&2 && apt-get install -y -q "python$version-venv" >&2; } ||
                apt-get install -y -q python3-venv >&2
        fi
        if ! can_make_venv "$found"; then
            echo "$found cannot make virtual environments. Type: sudo apt-get install python$version-venv" >&2
            exit 1
        fi
    fi
    rm -rf "$venv"
    "$found" -m venv "$venv"
fi

# uv in the version and with the hashes of the lock, fetched by pip, which knows this machine's index.
if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip -q
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$hashes"
fi
