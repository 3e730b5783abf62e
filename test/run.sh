#!/usr/bin/env bash
# Installs what the tests need where it may, builds the executable, runs every suite.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v redis-server >/dev/null || missing+=(redis-server)
command -v bwrap >/dev/null || missing+=(bubblewrap)
command -v rg >/dev/null || missing+=(ripgrep)
command -v git >/dev/null || missing+=(git)
command -v pasta >/dev/null || missing+=(passt)
command -v nft >/dev/null || [ -x /usr/sbin/nft ] || missing+=(nftables)
command -v flock >/dev/null && command -v prlimit >/dev/null || missing+=(util-linux)
command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)

if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
    echo "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "the tests need: ${missing[*]} (Debian packages; install them and run again)" >&2
    exit 1
  fi
fi

npm run --silent build

# Everything that the suites start inherits this directory, so that what they leave behind is found.
TMPDIR=$(mktemp -d /tmp/crush-tests-XXXXXX)
export TMPDIR
chmod 755 "$TMPDIR"
result=0
npx vitest run "$@" || result=$?

left_processes() {
  local file
  for file in /proc/[0-9]*/environ; do
    [ "${file//[^0-9]/}" = $$ ] && continue
    if tr '\0' '\n' 2>/dev/null <"$file" | grep -qxF "TMPDIR=$TMPDIR"; then
      tr '\0' ' ' 2>/dev/null <"${file%environ}cmdline" || true
      echo
    fi
  done
}
processes=$(left_processes | grep -vE '^(tr|grep) |^$' || true)
# What runs a script of ours keeps its cache there.
files=$(ls -A "$TMPDIR" | grep -vE '^tsx-[0-9]+$' || true)
rm -rf "$TMPDIR"
if [ -n "$processes$files" ]; then
  printf 'the tests left behind:\n%s\n%s\n' "$processes" "$files" >&2
  [ "$result" != 0 ] || result=1
fi
exit "$result"
