import { posix } from 'node:path';
import {
  SourceControlError,
  WORKSPACE_ROOT,
  type WorkingTreeDiff,
  type Workspace,
} from '#domain/workspace/index.ts';
import { gitFailure } from './failures.ts';
import { scriptCommand } from './git-command.ts';
import { collectText, readHead } from './process-output.ts';

const MAX_DIFF_BYTES = 1024 * 1024;
const EXIT_NOT_INSTALLED = 127;

/**
 * Parameter: a path below the repository. The repository's own configuration could name programs (filters, a file
 * monitor, drivers), so the files are compared from a repository made for this, which borrows index and objects.
 * A repository inside is never entered: adding by directory would run git in it, with its configuration.
 */
const SCRIPT = `
command -v git > /dev/null || exit ${EXIT_NOT_INSTALLED}
top=$PWD
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
head=$(git --git-dir=.git rev-parse -q --verify HEAD) || head=
case \${#head} in 64) format=sha256 ;; *) format=sha1 ;; esac
git init -q --template= --object-format="$format" "$scratch"
mkdir -p "$scratch/.git/objects/info"
printf '%s\\n' "$top/.git/objects" > "$scratch/.git/objects/info/alternates"
if [ -f .git/index ]; then cp -p .git/index "$scratch/.git/index"; fi
export GIT_DIR="$scratch/.git" GIT_WORK_TREE="$top"
base=$head
if [ -z "$base" ]; then base=$(git hash-object -t tree /dev/null); fi
if ! git ls-files -z > /dev/null 2>&1 || [ ! -f "$GIT_DIR/index" ]; then
  rm -f "$GIT_DIR/index"
  git read-tree "$base"
fi
git -c core.excludesFile="$top/.git/info/exclude" ls-files -z --others --exclude-standard -- "$1" |
  grep -zv '/$' | xargs -0 -r git add -N --ignore-errors -- > /dev/null 2>&1 || :
git diff --no-color --no-ext-diff --no-textconv --ignore-submodules=dirty \\
  --src-prefix=a/ --dst-prefix=b/ "$base" -- "$1"
`;

/** Throws `SourceControlError`, `WorkspaceError` or the signal's reason. */
export async function diffWorkingTree(
  workspace: Workspace,
  path: string,
  signal: AbortSignal,
): Promise<WorkingTreeDiff> {
  const { repository, below } = await findRepository(workspace, path, signal);
  const child = await workspace.spawn({ argv: scriptCommand(SCRIPT, [below]), cwd: repository });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    child.stdin.on('error', () => {});
    child.stdin.end();
    const stderr = collectText(child.stderr);
    const { bytes, truncated } = await readHead(child.stdout, MAX_DIFF_BYTES);
    if (truncated) return { diff: wholeLines(bytes), truncated };
    const { exitCode } = await child.exited;
    signal.throwIfAborted();
    if (exitCode === EXIT_NOT_INSTALLED) {
      throw new SourceControlError('failed', 'git is not installed where workspaces are');
    }
    if (exitCode !== 0) throw gitFailure(stderr());
    return { diff: bytes.toString('utf8'), truncated: false };
  } finally {
    signal.removeEventListener('abort', stop);
    await child.kill();
  }
}

/** The nearest directory at or above `path` with a repository of its own; no pointers to one elsewhere. */
async function findRepository(
  workspace: Workspace,
  path: string,
  signal: AbortSignal,
): Promise<{ repository: string; below: string }> {
  const stat = await workspace.stat(path, signal);
  const place = stat?.path ?? posix.resolve(WORKSPACE_ROOT, path);
  for (let directory = place; ; directory = posix.dirname(directory)) {
    const git = await workspace.stat(`${directory}/.git`, signal);
    if (git?.type === 'directory') {
      return { repository: directory, below: posix.relative(directory, place) || '.' };
    }
    if (directory === WORKSPACE_ROOT || directory === '/') {
      throw new SourceControlError('not_a_repository', 'The workspace holds no git repository here');
    }
  }
}

function wholeLines(bytes: Buffer): string {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1).toString('utf8');
}
