#!/bin/sh
# Fetch what package-lock.json pins into "$3", with the node that "$2" pins, installed in the environment "$1".
# The machine's own node is not asked: npm would silently pick an older browser for an older node.
set -eu
venv=$1
list=$2
target=$3
here=$(dirname "$0")
"$here/../bootstrap/install.sh" "$venv" "$list"
mkdir -p "$target"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$target/"
PATH="$(cd "$venv/bin" && pwd):$PATH"
export PATH
cd "$target"
exec npm ci --ignore-scripts --no-audit --no-fund --silent
