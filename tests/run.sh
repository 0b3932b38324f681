#!/usr/bin/env bash
# Runs every test: installs what they need, builds, runs one project after the other, and ends in the line
# "N passed, N failed, N skipped". Exit code 0 only if something ran and nothing failed. Safe to run again.
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
# shellcheck source=deploy/lib/packages.sh
. "$root/deploy/lib/packages.sh"
# shellcheck source=deploy/lib/postgres.sh
. "$root/deploy/lib/postgres.sh"

projects=(Newsletter.Mailer.Tests Newsletter.Mailer.Host.Tests)
configuration=Release
filter=
faults=
kills=
hang=20m

usage() {
    cat <<'TEXT'
usage: tests/run.sh [--faults [--kills N]] [--filter EXPRESSION] [--configuration Release|Debug]

  --faults         only the fault tests, in their long form, and at the end a line of JSON a fault
  --kills          how often the long form kills a sender; default 50
  --filter         which tests, as dotnet test takes it: FullyQualifiedName~Smtp, Category=Postfix, …
  --configuration  what to build and run; default Release

  NEWSLETTER_FAULTS_SEED=N repeats the random choices of a fault test that failed; it names its seed.
TEXT
}

while [ $# -gt 0 ]; do
    case "$1" in
        --filter) filter=${2:?--filter needs an expression}; shift 2 ;;
        --filter=*) filter=${1#*=}; shift ;;
        --configuration | -c) configuration=${2:?--configuration needs Release or Debug}; shift 2 ;;
        --configuration=*) configuration=${1#*=}; shift ;;
        --faults) faults=long; shift ;;
        --kills) kills=${2:?--kills needs a number}; shift 2 ;;
        --kills=*) kills=${1#*=}; shift ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

if [ -n "$kills" ] && { [ -z "$faults" ] || ! [[ $kills =~ ^[1-9][0-9]*$ ]]; }; then
    fail "--kills takes a number from 1 and goes with --faults."
fi
command -v dotnet >/dev/null || fail "The .NET 10 SDK is needed: there is no dotnet on the PATH."
cd -- "$root"

# Categories whose needs can't be met here, each with the reason; they are named before the total.
excluded=() reasons=()
exclude() {
    excluded+=("$1")
    reasons+=("$2")
}

install_needs() {
    ensure_postgres
    if ! install_packages chromium fonts-dejavu-core && ! [ -x /usr/bin/chromium ]; then
        exclude Browser "no /usr/bin/chromium, and it can't be installed without root or sudo"
    fi
    if ! install_packages fonts-dejavu-core && ! compgen -G '/usr/share/fonts/*/dejavu/DejaVuSans.ttf' >/dev/null; then
        exclude Fonts "cards are drawn with the package fonts-dejavu-core, and it can't be installed"
    fi
    if ! install_packages faketime && ! find_faketime; then
        exclude Faketime "a process with a wrong clock needs the package faketime, and it can't be installed"
    fi
    if ! can_mount; then
        exclude Mount "a disk that is full needs a file system of its own, and it can't be mounted here"
    fi
    if ! install_packages dnsmasq-base && ! [ -x /usr/sbin/dnsmasq ]; then
        exclude Dnsmasq "a name server of one's own needs the package dnsmasq-base, and it can't be installed"
    fi
    if ! install_packages python3-dkim || ! command -v npm >/dev/null; then
        exclude Verifiers "signatures are verified by the package python3-dkim and by npm's mailauth, and one of them can't be had"
    fi
    local fresh_filter=false
    is_installed spamassassin || fresh_filter=true
    if ! install_packages spamassassin; then
        exclude SpamFilter "the sample edition is scored by the package spamassassin, and it can't be installed"
    elif [ "$fresh_filter" = true ]; then
        disable_services spamassassin.service spamd.service spamassassin-maintenance.timer
    fi
    if ! is_root; then
        exclude Postfix "a private Postfix needs root"
        exclude Dovecot "a private Dovecot needs root"
        return
    fi
    local servers=(postfix dovecot-imapd dovecot-pop3d dovecot-lmtpd) fresh=false
    is_installed postfix && is_installed dovecot-imapd || fresh=true
    if ! install_packages "${servers[@]}"; then
        exclude Postfix "${servers[*]} can't be installed"
        exclude Dovecot "${servers[*]} can't be installed"
    elif [ "$fresh" = true ]; then
        disable_services postfix.service dovecot.service dovecot.socket
    fi
}

find_faketime() { compgen -G '/usr/lib/*-linux-gnu/faketime/libfaketime.so.1' >/dev/null; }

can_mount() {
    local folder code=0
    folder=$(mktemp -d)
    mount -t tmpfs -o size=1m tmpfs "$folder" 2>/dev/null && umount "$folder" || code=1
    rmdir "$folder"
    return "$code"
}

# The caller's filter, less what can't run here.
selection() {
    local category expression=${filter:+($filter)}
    for category in "${excluded[@]}"; do
        expression=${expression:+$expression&}Category!=$category
    done
    printf '%s' "$expression"
}

run_project() {
    local project=$1 expression arguments=()
    expression=$(selection)
    [ -z "$expression" ] || arguments+=(--filter "$expression")
    # The test host may take its time to stop the servers it started.
    VSTEST_TESTHOST_SHUTDOWN_TIMEOUT=30000 dotnet test "tests/$project" --configuration "$configuration" --no-build --nologo \
        --logger "trx;LogFileName=$project.trx" --results-directory "$results" --blame-hang --blame-hang-timeout "$hang" --blame-hang-dump-type none \
        "${arguments[@]}" </dev/null
}

# counter FILE NAME: one number of a result file.
counter() {
    sed -n "s/.*<Counters [^>]*\b$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# Adds a project's result file to the totals. A run without one, or one that broke off, counts as a failure.
add_results() {
    local project=$1 code=$2 file=$results/$1.trx project_passed=0 project_failed=0 project_skipped=0
    if [ -f "$file" ]; then
        project_passed=$(counter "$file" passed)
        project_failed=$(($(counter "$file" failed) + $(counter "$file" error) + $(counter "$file" timeout) + $(counter "$file" aborted)))
        project_skipped=$(($(counter "$file" total) - $(counter "$file" executed)))
    fi
    if [ "$code" -ne 0 ] && [ "$project_failed" -eq 0 ]; then
        say "$project ended abnormally (exit code $code)."
        project_failed=1
    fi
    summary+=("$(printf '%-30s %5d passed %4d failed %4d skipped' "$project" "$project_passed" "$project_failed" "$project_skipped")")
    passed=$((passed + project_passed)) failed=$((failed + project_failed)) skipped=$((skipped + project_skipped))
}

list_failed() {
    local file
    for file in "$results"/*.trx; do
        [ -f "$file" ] || continue
        sed -n 's/.*<UnitTestResult [^>]*testName="\([^"]*\)".*outcome="Failed".*/  failed: \1/p' "$file"
    done | sed 's/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
}

# The names of what was left out, because a total can't show what it doesn't count.
list_excluded() {
    local number project names
    for number in "${!excluded[@]}"; do
        names=$(for project in "${projects[@]}"; do
            dotnet test "tests/$project" --configuration "$configuration" --no-build --nologo --list-tests \
                --filter "${filter:+($filter)&}Category=${excluded[$number]}" </dev/null 2>/dev/null | sed -n 's/^    \([A-Za-z].*\)/  not selected: \1/p'
        done)
        [ -z "$names" ] || printf '%s tests were not selected: %s.\n%s\n' "${excluded[$number]}" "${reasons[$number]}" "$names"
    done
}

install_needs
say "Building the tests ($configuration) …"
for project in "${projects[@]}"; do
    dotnet build "tests/$project" --configuration "$configuration" --nologo --verbosity quiet -nodeReuse:false -p:UseSharedCompilation=false -consoleLoggerParameters:NoSummary </dev/null
done

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
if [ -n "$faults" ]; then
    filter="Category=Faults${filter:+&($filter)}"
    hang=120m
    NEWSLETTER_FAULTS_FILE=$(mktemp "${TMPDIR:-/tmp}/newsletter-faults.XXXXXX.jsonl")
    export NEWSLETTER_FAULTS=$faults NEWSLETTER_FAULTS_KILLS=${kills:-50} NEWSLETTER_FAULTS_FILE
fi
summary=() passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
    echo "== $project"
    code=0
    run_project "$project" || code=$?
    add_results "$project" "$code"
done

# One line a fault: its tests together.
list_faults() {
    awk -F '[:,{}"]+' '
        { fault = $3; if (!(fault in seen)) { order[++count] = fault; seen[fault] = 1 }
          for (field = 4; field < NF; field += 2) sum[fault, $field] += $(field + 1) }
        END {
            names = split("kills connections recipients lost copies unknown", name, " ")
            for (i = 1; i <= count; i++) {
                line = "{\"fault\":\"" order[i] "\""
                for (n = 1; n <= names; n++) line = line ",\"" name[n] "\":" sum[order[i], name[n]] + 0
                print line "}"
            }
        }' "$1" | sort -t F -k 2n
}

echo
if [ -n "$faults" ]; then
    list_faults "$NEWSLETTER_FAULTS_FILE" >"$results/faults.jsonl"
    cp -- "$results/faults.jsonl" "$NEWSLETTER_FAULTS_FILE"
    cat -- "$NEWSLETTER_FAULTS_FILE"
    echo "The lines above are in $NEWSLETTER_FAULTS_FILE too."
fi
list_failed
list_excluded
printf '%s\n' "${summary[@]}"
if [ $((passed + failed)) -eq 0 ]; then
    echo "No test ran${filter:+ (--filter $filter)}."
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
