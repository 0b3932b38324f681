# shellcheck shell=bash
# Installs Debian packages for the scripts here: says what it does on standard error, starts no service, leaves no
# configuration of its own behind.

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$@"
    exit 1
}

is_root() { [ "$(id -u)" = 0 ]; }

# Root itself, or sudo that asks nothing.
may_install() {
    command -v apt-get >/dev/null 2>&1 && { is_root || sudo -n true 2>/dev/null; }
}

as_root() {
    if is_root; then "$@"; else sudo -n -- "$@"; fi
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >&2 </dev/null
}

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages NAME…: the missing ones, without recommendations. Fails where that can't be done.
install_packages() {
    local name missing=()
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    may_install || return 1
    say "Installing ${missing[*]} with apt-get."
    apt update || say "The package lists could not be renewed; going on with those there are."
    without_services apt install --no-install-recommends "${missing[@]}"
}

# Debian starts a service as it installs it, unless policy-rc.d says no. A policy that was there is put back.
without_services() (
    policy=/usr/sbin/policy-rc.d
    kept=
    # shellcheck disable=SC2317 # reached by the trap
    restore() {
        as_root rm -f "$policy"
        if [ -n "$kept" ]; then as_root mv "$kept" "$policy"; fi
    }
    if [ -e "$policy" ]; then
        kept=$policy.newsletter-mailer
        as_root mv "$policy" "$kept"
    fi
    trap restore EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    "$@"
)

# Not at the next start of the machine either.
disable_services() {
    local name
    command -v systemctl >/dev/null 2>&1 || return 0
    for name in "$@"; do
        as_root systemctl disable --quiet "$name" 2>/dev/null || say "$name was not enabled; nothing to disable."
    done
}
