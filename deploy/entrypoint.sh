#!/bin/sh
# The image's entry point: names the user `admin` with the password in MILLRACE_PASSWORD, if there is one, then becomes
# millrace with the arguments given.
set -eu

if [ -n "${MILLRACE_PASSWORD:-}" ]; then
    printf '%s\n' "$MILLRACE_PASSWORD" | millrace access add admin --role admin
    unset MILLRACE_PASSWORD
fi
exec millrace "$@"
