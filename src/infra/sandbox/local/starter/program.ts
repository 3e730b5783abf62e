/** Descriptors of whatever a starter starts; those that a request does not name are closed. */
export const RECORDS_FD = 3;
export const FILTER_FD = 4;
export const DIRECTORY_FD = 5;
export const LOCK_FD = 6;
export const REPORT_FD = 7;

/**
 * Arguments: the server's process id, a file for FILTER_FD, flock(1) (or nothing: no lock), the lock's file, the
 * seconds to wait for it. A request is a line of numbers; words come from the file behind the `records` descriptor,
 * so that no text of a command is ever read as a program. It ends with its input, as it does when the server dies.
 */
const STARTER_PROGRAM = `
fds=/proc/$1/fd filter=$2
if [[ $3 ]]; then
  exec ${LOCK_FD}<>"$4" || exit
  "$3" -x -w "$5" ${LOCK_FD} || { echo busy >&${REPORT_FD}; exit; }
fi
echo ready >&${REPORT_FD}
start() {
  set -e
  trap - INT QUIT
  exec 9>&${REPORT_FD}
  trap 'echo "$id 0" >&9' EXIT
  if [[ $in = - ]]; then exec 0</dev/null; else exec 0<"$fds/$in"; fi
  if [[ $out = - ]]; then exec 1>/dev/null; else exec 1>"$fds/$out"; fi
  if [[ $err = - ]]; then exec 2>/dev/null; else exec 2>"$fds/$err"; fi
  if [[ $directory != - ]]; then exec ${DIRECTORY_FD}<"$fds/$directory"; fi
  exec ${RECORDS_FD}<"$fds/$records" ${FILTER_FD}<"$filter" ${REPORT_FD}>"$fds/$report"
  if ((groups > 0)); then mapfile -d '' -t -n "$groups" group <&${RECORDS_FD}; fi
  mapfile -d '' -t -n "$words" word <&${RECORDS_FD}
  for file in "\${group[@]}"; do echo 0 >"$file" || :; done 2>/dev/null
  echo "$id $BASHPID" >&9
  trap - EXIT
  exec -c "\${word[@]}" 9>&-
}
while read -r id in out err directory records report groups words; do start & done
`;

/** Arguments of /bin/bash. */
export function starterArguments(given: {
  serverPid: number;
  filterPath: string;
  lock: { flockPath: string; path: string; waitSeconds: number } | null;
}): string[] {
  const { serverPid, filterPath, lock } = given;
  const locking = lock === null ? [] : [lock.flockPath, lock.path, String(lock.waitSeconds)];
  const options = ['--noprofile', '--norc', '-c', STARTER_PROGRAM, 'crush-starter'];
  return [...options, String(serverPid), filterPath, ...locking];
}
