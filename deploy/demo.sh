#!/usr/bin/env bash
# Shows the whole way of an edition on this machine: installs PostgreSQL's programs where they are missing, then runs
# newsletter demo with the options given here. Safe to run again.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
# shellcheck source=deploy/lib/packages.sh
. "$root/deploy/lib/packages.sh"
# shellcheck source=deploy/lib/postgres.sh
. "$root/deploy/lib/postgres.sh"

ensure_postgres
exec "$root/deploy/newsletter" demo "$@"
