#!/usr/bin/env bash
# What action.yml does: check, plan, apply or resume, with its inputs in the environment as INPUT_...; results go into the
# files that GitHub names. Nothing of the environment is ever part of a command's text.
set -euo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ci=$here/../ci
scratch=$(mktemp -d "${RUNNER_TEMP:-/tmp}/mailfrom.XXXXXX") # outside of the checkout, where a branch may have put links
results=$scratch/results
plan=${INPUT_PLAN:-mailfrom.plan}
commit=${PLANNED_COMMIT:-${GITHUB_SHA:-unknown}} # of a pull request the one that people see, not that of its trial merge
SUMMARY_MAX=1000000 # bytes; GitHub takes a mebibyte of each step

# ---- what GitHub is told ----

# A word of a manifest that begins a line with :: would be an order to the runner.
quietly() {
    local token code=0
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$token"
    "$@" || code=$?
    printf '\n::%s::\n' "$token"
    return "$code"
}

escaped() { # of a message: GitHub's own three escapes
    local text=$1
    text=${text//'%'/%25}
    text=${text//$'\r'/%0D}
    echo "${text//$'\n'/%0A}"
}

notice() { echo "::notice title=mailfrom::$(escaped "$*")"; }
warning() { echo "::warning title=mailfrom::$(escaped "$*")"; }
die() {
    echo "::error title=mailfrom::$(escaped "$*")"
    exit 1
}

output() { # name value
    local end
    end=end_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '%s<<%s\n%s\n%s\n' "$1" "$end" "$2" "$end" >>"$GITHUB_OUTPUT"
}

summary() { # file
    [[ -s $1 ]] || return 0
    head -c "$SUMMARY_MAX" "$1" >>"$GITHUB_STEP_SUMMARY"
    echo >>"$GITHUB_STEP_SUMMARY"
}

# ---- the program ----

# A configuration of AWS may name a program that gives keys, so one that a branch could write is not read.
configuration_judge() {
    local top name path
    top=$(realpath "${GITHUB_WORKSPACE:-$PWD}")
    for name in AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE; do
        path=${!name:-}
        [[ -n $path ]] || continue
        path=${path/#'~'/${HOME:-}}
        [[ $path == /* && $path != *'$'* ]] || die "found $name=$path, expected an absolute path"
        path=$(realpath -m "$path")
        [[ $path/ != "$top"/* ]] || die "$name names a file in the checkout, which a branch can change: it may name a program to run"
        export "$name=$path"
    done
}

# By --env NAME a value is in no argument. HOME is empty: the checkout may have a folder .aws. Files that the
# environment names, such as the token of a web identity, are the runner's.
container() {
    local top=${GITHUB_WORKSPACE:-$PWD} name
    local options=(--rm --user "$(id -u):$(id -g)" --volume "$top:$top" --volume "$scratch:$scratch" --workdir "$PWD"
        --env HOME="$scratch/home")
    while IFS= read -r name; do
        options+=(--env "$name")
    done < <(compgen -e | grep -E '^(AWS_|MAILFROM_|PG[A-Z]+$|https?_proxy$|HTTPS?_PROXY$|NO_PROXY$|no_proxy$)')
    for name in AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_CA_BUNDLE PGPASSFILE; do
        [[ ! -f ${!name:-} ]] || options+=(--volume "${!name}:${!name}:ro")
    done
    if [[ ${MAILFROM_JOURNAL:-} == /* ]]; then
        options+=(--volume "$(dirname "$MAILFROM_JOURNAL"):$(dirname "$MAILFROM_JOURNAL")")
    fi
    docker run "${options[@]}" "$INPUT_IMAGE" "$@"
}

mailfrom() {
    if [[ -n ${INPUT_IMAGE:-} ]]; then
        container "$@"
    else
        command "${INPUT_MAILFROM:-mailfrom}" "$@"
    fi
}

# One word a line, so a name may hold blanks.
lines_of() { # name of an array, text
    local -n array=$1
    local line
    array=()
    while IFS= read -r line; do
        line=${line#"${line%%[![:space:]]*}"}
        line=${line%"${line##*[![:space:]]}"}
        [[ -z $line ]] || array+=("$line")
    done <<<"$2"
}

# ---- outcomes ----

counts_told() { # report in JSON
    local name
    for name in identities attention; do
        output "$name" "$(jq ".summary.$name" "$1")"
    done
    output changes "$(jq '[.identities[] | select(.action != "none" and .outcome != "refused")] | length' "$1")"
    output refused "$(jq '.summary.outcomes.refused // 0' "$1")"
    output verdict "$(jq -r '.summary.verdict' "$1")"
}

# 3: finished, but something needs a person.
end_with() {
    output exit-code "$1"
    case $1 in
    0 | 2) exit 0 ;;
    3)
        [[ ${INPUT_FAIL_ON:-trouble} == trouble ]] || exit 0
        die "some identities need a person: exit code 3; the summary of this step says which"
        ;;
    4)
        notice "the run is not over and goes on with mailfrom resume"
        exit 0
        ;;
    *) die "mailfrom ended with exit code $1" ;;
    esac
}

comment() { # file
    [[ ${INPUT_COMMENT:-false} == true ]] || return 0
    if [[ -z ${PULL_REQUEST:-} ]]; then
        notice "no comment: this is no pull request"
    elif [[ ${IS_FORK:-false} == true ]]; then
        notice "no comment: a pull request from a fork has a token that reads only; the summary has the same"
    else
        quietly "$ci/comment.sh" "${INPUT_COMMENT_KEY:-plan}" "$1" ||
            die "the comment was not written, and the log says why; a token needs pull-requests: write"
    fi
}

# For code scanning, which a fork may not write to.
findings_hand_over() {
    if [[ ${INPUT_SARIF:-false} == true && ${IS_FORK:-false} != true ]]; then
        output sarif-file "$results/mailfrom.sarif"
    fi
}

# ---- commands ----

run_check() {
    local code=0
    quietly mailfrom check "${manifests[@]}" "${arguments[@]}" || code=$?
    mailfrom check "${manifests[@]}" "${arguments[@]}" --format sarif --quiet >"$results/mailfrom.sarif" 2>/dev/null || true
    findings_hand_over
    end_with "$code"
}

# The comment of an older push would be taken for the plan of this one.
no_plan() { # exit code
    output exit-code "$1"
    "$ci/plan.sh" none "$commit" "$1" >"$results/comment.md"
    summary "$results/comment.md"
    comment "$results/comment.md"
    die "mailfrom ended with exit code $1, and there is no plan"
}

# What could not be asked is no identity without changes: the plan lacks what it may need.
all_judged() { # report in JSON
    local failed
    failed=$(jq '.summary.outcomes.failed // 0' "$1")
    [[ $failed == 0 ]] || die "$failed of the identities could not be judged, and the plan lacks what they need; the summary of this step says why"
}

run_plan() {
    local code=0 digest foot
    if [[ ${IS_FORK:-false} == true ]]; then
        notice "no plan: a pull request from a fork has no credentials, and shall have none; plan it from a branch of this repository once its manifest is read"
        output skipped true
        output exit-code 0
        exit 0
    fi
    rm -f -- "$plan"
    quietly mailfrom plan "${manifests[@]}" "${arguments[@]}" --out "$plan" --detailed-exitcode \
        --report "markdown:$results/plan.md" --report "json:$results/plan.json" --report "sarif:$results/mailfrom.sarif" || code=$?
    [[ $code == 0 || $code == 2 || $code == 3 ]] || no_plan "$code"
    output exit-code "$code"
    findings_hand_over
    output plan-file "$plan"
    output plan-sha256 "$(sha256sum <"$plan" | cut -d' ' -f1)"
    digest=$("$ci/plan.sh" digest "$plan" "$results/plan.json") # by itself: inside of a command's words a failure would be lost
    foot=$("$ci/plan.sh" foot "$plan" "$results/plan.json" "$commit")
    output changes-digest "$digest"
    counts_told "$results/plan.json"
    {
        cat "$results/plan.md"
        printf '%s\n' "$foot"
    } >"$results/comment.md"
    summary "$results/comment.md"
    comment "$results/comment.md"
    all_judged "$results/plan.json"
    end_with "$code"
}

# Into a database that workers share: they carry the run, and this runner may go.
submit() {
    local code=0
    quietly mailfrom apply --plan "$plan" --yes --submit "${arguments[@]}" >"$results/submit.log" || code=$?
    cat "$results/submit.log"
    output run "$(grep -xE '[0-9]+' "$results/submit.log" | head -n 1 || true)"
    [[ $code != 0 ]] || notice "the run is submitted, and workers carry it: mailfrom status --watch follows it"
    end_with "$code"
}

run_apply() {
    local code=0 found
    [[ -f $plan ]] || die "there is no plan file $plan: a plan that was looked at is what is applied"
    found=$(sha256sum <"$plan" | cut -d' ' -f1)
    [[ -n ${INPUT_PLAN_SHA256:-} ]] || die "plan-sha256 is empty: it says which plan was looked at"
    [[ $found == "$INPUT_PLAN_SHA256" ]] || die "$plan has SHA-256 $found, and the plan that was looked at has $INPUT_PLAN_SHA256"
    case ${MAILFROM_JOURNAL:-} in
    postgres*) submit ;;
    /*) ;;
    *) warning "the journal is a file on this runner, which goes away: without it no resume and no rollback knows the run. Keep .mailfrom as an artifact, or name by MAILFROM_JOURNAL a database, or a file on a disk that stays" ;;
    esac
    quietly mailfrom apply --plan "$plan" --yes --no-wait "${arguments[@]}" \
        --report "markdown:$results/done.md" --report "json:$results/done.json" --report "csv:$results/done.csv" || code=$?
    if [[ -s $results/done.json ]]; then
        counts_told "$results/done.json"
        summary "$results/done.md"
    fi
    end_with "$code"
}

# Runs that waited for DNS or SES: what was approved goes on, and nothing else begins.
run_resume() {
    local code=0
    case ${MAILFROM_JOURNAL:-} in
    postgres*) die "the workers of a shared journal carry its runs to their end: there is nothing to resume here" ;;
    /*) ;;
    *) die "MAILFROM_JOURNAL names no file on a disk that stays: the journal was on another runner" ;;
    esac
    quietly mailfrom resume --all --no-wait "${arguments[@]}" || code=$?
    end_with "$code"
}

manifests=() arguments=()
cd "${INPUT_WORKING_DIRECTORY:-.}"
mkdir "$results" "$scratch/home"
output results "$results"
configuration_judge
lines_of manifests "${INPUT_MANIFESTS:-}"
lines_of arguments "${INPUT_ARGUMENTS:-}"
case ${INPUT_COMMAND:-} in
check | plan)
    [[ ${#manifests[@]} != 0 ]] || die "manifests is empty: it names a manifest a line"
    "run_$INPUT_COMMAND"
    ;;
apply | resume) "run_$INPUT_COMMAND" ;;
*) die "found the command \"${INPUT_COMMAND:-}\", expected check, plan, apply or resume" ;;
esac
