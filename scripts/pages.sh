#!/usr/bin/env bash
# Builds the dashboard's pages and the tracker from web/ into build/web when their sources have changed.
set -euo pipefail
cd "$(dirname "$0")/.."

sources=$(find web schemas/openapi.yaml -path web/node_modules -prune -o -type f ! -path web/src/api/schema.ts -print0 | sort -z | xargs -0 sha256sum | sha256sum)
[[ -e build/web/index.html && $(cat build/web.stamp 2>/dev/null) == "$sources" ]] && exit 0

echo "pages: building"
scripts/npm.sh run build --silent
cp schemas/openapi.yaml build/web/  # served as /openapi.yaml
echo "$sources" >build/web.stamp
