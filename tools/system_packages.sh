#!/bin/sh
# Install what tests use from the system's packages: quietly, and at once when all of it is there.
# Where it may not (not root, or not Debian's apt) it names what is missing and leaves the machine alone.
set -eu

# One line for each: the command that tests call, the package that brings it, and what for.
needed() {
    echo "docker-compose docker-compose checks docker-compose.yml (tests/backends)"
    echo "chromium chromium opens the server's page (tests/server)"
    echo "redis-server redis-server joins servers (tests/server)"
    echo "busybox busybox runs scripts that emit events (tests/languages)"
    echo "zsh zsh runs scripts that emit events (tests/languages)"
    echo "shellcheck shellcheck reads languages/shell (tests/languages)"
    echo "jq jq answers the documents' questions to the ledger (tests/docs)"
}

missing=$(needed | while read -r command package reason; do
    command -v "$command" >/dev/null 2>&1 || echo "$package"
done)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing system packages; the tests that use them are skipped (they fail where CI is set):"
    needed | while read -r command package reason; do
        command -v "$command" >/dev/null 2>&1 || echo "  $package: $reason"
    done
    exit 0
fi

# shellcheck disable=SC2086 # one word for each package
install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing $missing"
# The package lists may be absent or old on a new machine: fetch them only when the first try shows it.
if ! install >"$log" 2>&1 && ! { apt-get update -qq && install; } >>"$log" 2>&1; then
    echo "could not install $missing; the tests that use it are skipped (they fail where CI is set):"
    tail -n 20 "$log"
fi
