#!/usr/bin/env bash
# One comment on a pull request of GitHub or a merge request of GitLab that is written once and then edited, never
# added anew: comment.sh KEY BODY-FILE
#
# It is found by a marker that readers do not see, the first line of its text, and by its author: whoever else
# writes the marker, such as a stranger who hopes that his text is edited into something official, is passed over.
# "The last comment of this user", as gh pr comment --edit-last has it, may be that of another tool: all of them
# write as github-actions[bot].
#
# GitHub: GITHUB_API_URL, GITHUB_REPOSITORY, PULL_REQUEST (its number), GITHUB_TOKEN with pull-requests: write;
#         COMMENT_AUTHOR, github-actions[bot] unless the token is of another app or of a person.
# GitLab: CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, MAILFROM_GITLAB_TOKEN (scope api).
# Needs curl and jq. The token is in no argument of a command, where others on the machine could see it.
set -euo pipefail
shopt -s inherit_errexit

BODY_MAX=65536 # characters that GitHub takes; GitLab takes a million
PAGES_MAX=100  # of a hundred comments each

key=${1:?KEY} body_file=${2:?BODY-FILE}
marker="<!-- mailfrom:$key -->"

die() {
    echo "comment: $*" >&2
    exit 1
}

sent=$(mktemp)
reply=$(mktemp)
trap 'rm -f "$sent" "$reply"' EXIT

[[ $key =~ ^[A-Za-z0-9._-]+$ ]] || die "found the key \"$key\", expected letters, digits, dots, hyphens and underscores"

# METHOD URL; prints the answer. What is sent is in $sent. A comment that is written is not sent twice, since the
# first may have arrived.
ask() {
    local method=$1 url=$2 code more=(--retry 3)
    [[ $method == GET ]] || more=(--data-binary "@$sent")
    code=$(printf 'header = "%s"\n' "$auth" | curl --config - --silent --show-error --max-time 60 "${more[@]}" \
        --request "$method" --header 'Content-Type: application/json' --output "$reply" --write-out '%{http_code}' \
        "$url") || die "$method $url did not succeed"
    [[ $code == 2* ]] || die "$method $url was answered with $code: $(head -c 500 "$reply" | tr -c '[:print:]' ' ')"
    cat "$reply"
}

if [[ -n ${CI_API_V4_URL:-} ]]; then
    auth="PRIVATE-TOKEN: ${MAILFROM_GITLAB_TOKEN:?a token with the scope api, of this project}"
    list=$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/${CI_MERGE_REQUEST_IID:?the number of the merge request}/notes
    one=$list edit=PUT
    author=$(ask GET "$CI_API_V4_URL/user" | jq -r .username)
    # shellcheck disable=SC2016 # variables of jq, here and below
    of_author='.author.username == $author and (.system | not)'
else
    auth="Authorization: Bearer ${GITHUB_TOKEN:?a token with pull-requests: write}"
    repository=${GITHUB_API_URL:?}/repos/${GITHUB_REPOSITORY:?}
    list=$repository/issues/${PULL_REQUEST:?the number of the pull request}/comments
    one=$repository/issues/comments edit=PATCH
    author=${COMMENT_AUTHOR:-github-actions[bot]}
    # shellcheck disable=SC2016
    of_author='.user.login == $author'
fi

find_own() {
    local page answer found
    for ((page = 1; page <= PAGES_MAX; page++)); do
        answer=$(ask GET "$list?per_page=100&page=$page")
        # shellcheck disable=SC2016
        found=$(jq -r --arg author "$author" --arg marker "$marker" \
            'map(select(('"$of_author"') and (.body // "" | startswith($marker)))) | first | .id // empty' <<<"$answer")
        [[ -z $found ]] || break
        [[ $(jq length <<<"$answer") != 0 ]] || break
    done
    echo "$found"
}

[[ -r $body_file ]] || die "the file $body_file cannot be read: it is the text of the comment"

# Cut in characters, as it is counted, and never in the middle of one.
# shellcheck disable=SC2016
jq -n --arg marker "$marker" --rawfile text "$body_file" --argjson max "$BODY_MAX" \
    '{body: (($marker + "\n" + $text) | if length > $max then .[:$max - 20] + "\n\n(cut here)" else . end)}' >"$sent"

id=$(find_own)
if [[ -n $id ]]; then
    ask "$edit" "$one/$id" >/dev/null
    echo "comment $id was edited"
else
    answer=$(ask POST "$list") # by itself: a failure inside of the words of echo would be lost
    echo "comment $(jq -r .id <<<"$answer") was written"
fi
