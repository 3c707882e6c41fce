#!/usr/bin/env bash
# What people are told of a plan beside its report, for every code host:
#   plan.sh digest PLAN REPORT        the digest of its changes
#   plan.sh accounts PLAN             the numbers of its AWS accounts
#   plan.sh foot PLAN REPORT COMMIT   the last line of its comment, which names both and the commit
#   plan.sh none COMMIT EXIT-CODE     the comment instead of a plan, so that none takes an older one for this one
# PLAN is a plan file, REPORT its report in JSON. Needs jq.
set -euo pipefail
shopt -s inherit_errexit

# What would become of whom, whenever it was found out: equal digests are equal changes. The number of an account and
# the value that is replaced belong to a change. A plan file knows the numbers.
digest() { # plan, report
    # shellcheck disable=SC2016 # variables of jq
    jq -cS --slurpfile plan "$1" '($plan[0] as $p | [$p.lanes[] | {key: "\($p.accounts[.account].name) \(.region)",
            value: (.caller_account // $p.accounts[.account].account_id)}] | from_entries) as $numbers
        | [([.identities[] | select(.action != "none" and .outcome != "refused")
            | [$numbers["\(.account) \(.region)"], .account, .region, .identity, .action, .mail_from_before, .behavior_before,
               .mail_from_after, .behavior_after]] | sort),
           ([(.record_sets // [])[] | select(.outcome | IN("unchanged", "blocked", "refused", "failed") | not)
            | [.account, .zone_id, .name, .type, .value, .ttl, .before]] | sort)]' "$2" | sha256sum | cut -d' ' -f1
}

accounts() { # plan
    jq -r '. as $p | [.lanes[] | .caller_account // $p.accounts[.account].account_id // "unknown"] | unique | join(", ")' "$1"
}

foot() { # plan, report, commit
    local sum numbers
    sum=$(digest "$1" "$2") # by itself: inside of a command's words a failure would be lost
    numbers=$(accounts "$1")
    printf '\nPlanned at commit %s, in the AWS accounts %s; digest of the changes: %s.\n' "$3" "$numbers" "$sum"
}

none() { # commit, exit code
    printf '## mailfrom: no plan\n\nThe plan at commit %s ended with exit code %s; the log of its step says why.\n' "$1" "$2"
}

case $#:${1:-} in
3:digest | 2:accounts | 4:foot | 3:none) "$@" ;;
*)
    echo "usage: plan.sh digest PLAN REPORT | accounts PLAN | foot PLAN REPORT COMMIT | none COMMIT EXIT-CODE" >&2
    exit 1
    ;;
esac
