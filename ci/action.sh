#!/usr/bin/env bash
# What action.yml runs once the program is there. The inputs come as IN_… variables; none of them is ever evaluated.
# Annotations go to the log, the report to the job's summary and into a comment on the pull request.
# It ends with the program's own exit code.
set -uo pipefail

warn() { printf '::warning title=pg-preflight::%s\n' "$1"; }

case ${IN_COMMAND:=gate} in
  gate | check) ;;
  *)
    echo "::error title=pg-preflight::the input 'command' is gate or check"
    exit 2
    ;;
esac

# With the value in the same word, no value can be taken for another option.
words=("$IN_COMMAND")
option() { if [[ -n $2 ]]; then words+=("$1=$2"); fi; }
option --base "${IN_BASE:-}"
option --config "${IN_CONFIG:-}"
option --instance "${IN_INSTANCE:-}"
option --region "${IN_REGION:-}"
option --evidence "${IN_EVIDENCE:-}"
option --max-age "${IN_MAX_AGE:-}"
option --declared "${IN_DECLARED:-}"
option --stack "${IN_STACK:-}"
option --resource "${IN_RESOURCE:-}"
option --fail-on "${IN_FAIL_ON:-}"
# Parted by white space, with nothing expanded.
more=()
read -r -d '' -a more <<<"${IN_ARGS:-}" || true
words+=("${more[@]+"${more[@]}"}")

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/pg-preflight-XXXXXX") || exit 2
json=$folder/report.json markdown=$folder/report.md sarif=$folder/report.sarif

# The program has no use for the token that the comment needs.
env -u GH_TOKEN -u GH_ENTERPRISE_TOKEN pg-preflight "${words[@]}" \
  --format github \
  --format markdown --output "$markdown" \
  --format json --output "$json" \
  --format sarif --output "$sarif"
code=$?

case $code in
  0) verdict=go ;;
  1) verdict=no-go ;;
  3) verdict=incomplete ;;
  *) verdict=error ;;
esac
blockers=0
if [[ -f $json ]]; then
  # Of the report's own members, each in a line: no text of it holds a line break.
  blockers=$(sed -n '/^  "counts": {$/,/^  }/s/^    "blocker": \([0-9][0-9]*\),\{0,1\}$/\1/p' "$json")
fi
{
  echo "verdict=$verdict"
  echo "blockers=$blockers"
  if [[ -f $json ]]; then echo "report=$json"; fi
  if [[ -f $sarif ]]; then echo "sarif=$sarif"; fi
} >>"${GITHUB_OUTPUT:-/dev/null}"

# Puts the report where the comment of an earlier run is, or into a new one. The report's last line marks it; only a
# bot's comment is written anew, since anybody may write the marker.
comment() {
  local marker comments earlier
  marker=$(tail -n 1 "$markdown")
  comments="repos/${GITHUB_REPOSITORY:-}/issues"
  earlier=$(
    MARKER=$marker gh api --paginate "$comments/$IN_PULL_REQUEST/comments?per_page=100" --jq \
      '.[] | select(.user.type == "Bot" and (.body // "" | sub("\\s+$"; "") | endswith(env.MARKER))) | .id'
  ) || return
  earlier=${earlier%%$'\n'*}
  if [[ -n $earlier ]]; then
    gh api --silent --method PATCH "$comments/comments/$earlier" --field "body=@$markdown"
  else
    gh api --silent --method POST "$comments/$IN_PULL_REQUEST/comments" --field "body=@$markdown"
  fi
}

if [[ -f $markdown ]]; then
  cat "$markdown" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  if [[ ${IN_COMMENT:-} == true && ${IN_PULL_REQUEST:-} =~ ^[0-9]+$ ]]; then
    # GitHub Enterprise Server is another host, and takes the token by another name.
    server=${GITHUB_SERVER_URL:-https://github.com}
    export GH_HOST=${server#*://} GH_ENTERPRISE_TOKEN=${GH_TOKEN:-}
    # Pull requests of forks may not write; the verdict does not depend on it.
    comment || warn 'the comment could not be written; the job needs "pull-requests: write", which forks never have'
  fi
fi

exit "$code"
