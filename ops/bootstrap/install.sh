#!/bin/sh
# Install the pinned and hashed packages of the list "$2" into the virtual environment "$1".
# uv takes seconds; where it finds no index (pip may know one that uv does not), pip does the same slowly.
set -eu
venv=$1
list=$2
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r "$list" && exit 0
echo "uv could not install $list; trying with pip, which may know another index" >&2
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip -q
exec "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$list"
