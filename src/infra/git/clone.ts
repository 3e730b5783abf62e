import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type CloneRequest,
  SourceControlError,
  type Workspace,
  type WorkspaceProcess,
} from '#domain/workspace/index.ts';
import { gitFailure } from './failures.ts';
import { scriptCommand } from './git-command.ts';
import { collectText } from './process-output.ts';
import { fetchCommit, type RemoteCommit } from './smart-http/fetch-commit.ts';
import type { GuardedHttp } from './smart-http/guarded-http.ts';

export interface CloneDeps {
  http: GuardedHttp;
  /** Of the pack as it arrives, and of what the workspace takes on disk in the end. */
  maxBytes: number;
}

const BLOCK_BYTES = 1024;
const EXIT_NO_COMMIT = 65;
const EXIT_NOT_INSTALLED = 127;
/** A shell's status for a child that a signal ended. */
const EXIT_SIGNALLED = 128;

/**
 * Parameters: object format, shallow commits, object, full ref name or nothing, URL. The pack comes in by standard
 * input. Faults of old commits that harm nobody are let pass.
 */
const SCRIPT = `
format=$1 shallow=$2 object=$3 ref=$4 url=$5
command -v git > /dev/null || exit ${EXIT_NOT_INSTALLED}
umask 022
git init -q --template= --object-format="$format" .
mkdir .git/hooks
if [ -n "$shallow" ]; then printf '%s\\n' "$shallow" > .git/shallow; fi
git index-pack --stdin --strict=badTimezone=ignore,missingSpaceBeforeDate=ignore,zeroPaddedFilemode=ignore > /dev/null
commit=$(git rev-parse -q --verify "$object^{commit}") || exit ${EXIT_NO_COMMIT}
git config remote.origin.url "$url"
case $ref in
refs/heads/*)
  branch=\${ref#refs/heads/}
  git config remote.origin.fetch "+$ref:refs/remotes/origin/$branch"
  git config "branch.$branch.remote" origin
  git config "branch.$branch.merge" "$ref"
  git update-ref "refs/remotes/origin/$branch" "$commit"
  git update-ref "$ref" "$commit"
  git symbolic-ref HEAD "$ref" ;;
*)
  git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
  case $ref in refs/tags/*) git update-ref "$ref" "$object" ;; esac
  git update-ref --no-deref HEAD "$commit" ;;
esac
git reset -q --hard
du -skx . | cut -f 1
`;

/**
 * The server speaks the protocol, checks every address it dials and hands the pack to git, which runs in the
 * workspace's sandbox and never sees the network. Throws `SourceControlError`, `WorkspaceError` or the signal's reason.
 */
export async function cloneRepository(
  deps: CloneDeps,
  workspace: Workspace,
  request: CloneRequest,
  signal: AbortSignal,
): Promise<void> {
  const commit = await fetchCommit(deps.http, request, signal);
  try {
    await unpack(deps, workspace, { commit, url: request.url.href }, signal);
  } finally {
    await commit.pack.return();
  }
}

async function unpack(
  { maxBytes }: CloneDeps,
  workspace: Workspace,
  { commit, url }: { commit: RemoteCommit; url: string },
  signal: AbortSignal,
): Promise<void> {
  const { objectFormat, shallow, ref } = commit;
  const child = await workspace.spawn({
    argv: scriptCommand(SCRIPT, [objectFormat, shallow.join('\n'), ref.object, ref.name, url]),
  });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    if (signal.aborted) stop();
    const [stdout, stderr] = [collectText(child.stdout), collectText(child.stderr)];
    await feed(child, atMost(commit.pack, maxBytes), signal);
    const { exitCode } = await child.exited;
    signal.throwIfAborted();
    throwUnlessCloned(exitCode, stderr());
    if (Number.parseInt(stdout(), 10) * BLOCK_BYTES > maxBytes) throw tooLarge();
  } finally {
    signal.removeEventListener('abort', stop);
    await child.kill();
  }
}

/** When git ends before its input does, its exit tells why. */
async function feed(
  child: WorkspaceProcess,
  pack: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let failure: unknown = null;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* pack;
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  const ended = new AbortController();
  void child.exited.then(() => ended.abort());
  try {
    await pipeline(Readable.from(watched()), child.stdin, {
      signal: AbortSignal.any([signal, ended.signal]),
    });
  } catch {
    if (failure !== null) throw failure;
  }
}

function throwUnlessCloned(exitCode: number | null, stderr: string): void {
  if (exitCode === 0) return;
  if (exitCode === EXIT_NO_COMMIT) throw new SourceControlError('not_found', 'the ref leads to no commit');
  if (exitCode === EXIT_NOT_INSTALLED) {
    throw new SourceControlError('failed', 'git is not installed where workspaces are');
  }
  if (exitCode === null || exitCode > EXIT_SIGNALLED) throw tooLarge();
  throw gitFailure(stderr);
}

async function* atMost(pack: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const piece of pack) {
    total += piece.length;
    if (total > maxBytes) throw tooLarge();
    yield piece;
  }
}

function tooLarge(): SourceControlError {
  return new SourceControlError('too_large', 'the repository is larger than a workspace may be');
}
