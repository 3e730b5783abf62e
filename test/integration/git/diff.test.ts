import { lookup } from 'node:dns';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SourceControl } from '#domain/workspace/index.ts';
import { createSourceControl } from '../../../src/infra/git/index.ts';
import { createAddressGuard } from '../../../src/infra/net/address-guard.ts';
import { never } from '../sandbox/drivers.ts';
import { DRIVERS, type OpenedDirectory, openOn, runsOnHost } from './drivers.ts';

const COMMIT = 'git add -A && git -c user.name=t -c user.email=t@example.com commit -q -m done';

describe.each(DRIVERS)('the diff of a working tree on %s', (driver) => {
  let sourceControl: SourceControl;
  let opened: OpenedDirectory;
  let outside = '';
  const closings: Array<() => Promise<void>> = [];
  const openControl = (diffTimeoutMs?: number) =>
    createSourceControl({
      guard: createAddressGuard({ resolve: lookup, isPublicAddress: () => false }),
      allowPrivate: [],
      userAgent: 'git/test',
      maxCloneBytes: 1,
      diffTimeoutMs,
    });
  beforeAll(() => {
    sourceControl = openControl();
    outside = mkdtempSync(join(tmpdir(), 'crush-outside-'));
  });
  afterAll(async () => {
    await sourceControl.close();
    rmSync(outside, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const close of closings.splice(0)) await close();
  });

  async function open(command: string): Promise<void> {
    opened = await openOn(driver);
    closings.push(() => opened.close());
    await run(command);
  }
  async function run(command: string): Promise<string> {
    const { exitCode, stdout, stderr } = await opened.workspace.exec({ command }, never());
    if (exitCode !== 0) throw new Error(stderr);
    return stdout;
  }
  const diff = (path = '.') => sourceControl.diff(opened.workspace, { path, ownerId: 'o' }, never());

  it('shows what has changed, was removed, was staged and is new', async () => {
    await open(
      `git init -q . && printf 'a\\nb\\n' > changed && echo x > gone && printf 'log/\\n' > .gitignore && ${COMMIT}`,
    );
    expect(await diff()).toEqual({ diff: '', truncated: false });
    await run(
      "echo c >> changed; rm gone; mkdir -p log src; echo s > staged; git add staged; echo n > 'src/né w'; echo i > log/i",
    );
    const { diff: text } = await diff();
    expect(text).toContain('--- a/changed\n+++ b/changed\n@@ -1,2 +1,3 @@\n a\n b\n+c\n');
    expect(text).toContain('--- a/gone\n+++ /dev/null\n');
    expect(text).toContain('+++ b/staged\n');
    expect(text).toContain('+++ b/src/né w');
    expect(text).not.toContain('log/i');
    expect((await diff('/workspace/src')).diff).toMatch(/^diff --git a\/src\/né w/);
    expect((await diff('gone')).diff).toContain('-x\n');
    expect(await run('git status --porcelain | sort')).toBe(' D gone\n M changed\n?? src/\nA  staged\n');
  });

  it('knows repositories without a commit, with a detached head and below the workspace', async () => {
    await open("git init -q . && echo 'new' > file");
    expect((await diff()).diff).toContain('+++ b/file\n@@ -0,0 +1 @@\n+new\n');
    await run(
      `${COMMIT} && git checkout -q --detach && mkdir inner && cd inner && git init -q . && echo y > own`,
    );
    expect((await diff('inner/own')).diff).toContain('+++ b/own\n');
    await run('git init -q --object-format=sha256 wide && cd wide && echo z > z && git add z');
    expect((await diff('wide')).diff).toContain('+++ b/z\n');
  });

  it('is refused where there is no repository', async () => {
    await open('mkdir a');
    await expect(diff('a')).rejects.toMatchObject({ code: 'not_a_repository' });
    await run("echo 'gitdir: /workspace/elsewhere' > .git");
    await expect(diff()).rejects.toMatchObject({ code: 'not_a_repository' });
    await expect(diff('../..')).rejects.toMatchObject({ code: 'outside_workspace' });
    await run(`rm .git && ln -s ${outside} .git`);
    await expect(diff()).rejects.toMatchObject({ code: 'outside_workspace' });
  });

  it('runs nothing that a repository has planted', async () => {
    const ran = runsOnHost(driver) ? join(outside, 'ran') : '/workspace/.git/ran';
    await open(
      `git init -q . && for d in sub other; do mkdir $d; (cd $d && git init -q . && echo 1 > f && ${COMMIT}); done && echo one > a.txt && ${COMMIT}`,
    );
    const evil = `/workspace/evil.sh`.replace(
      '/workspace',
      runsOnHost(driver) ? opened.directory : '/workspace',
    );
    const config = [
      ['core.fsmonitor', evil],
      ['core.hooksPath', `${evil.replace('evil.sh', 'hooks')}`],
      ['core.sshCommand', evil],
      ['core.pager', evil],
      ['core.editor', evil],
      ['core.worktree', '/'],
      ['diff.external', evil],
      ['diff.evil.command', evil],
      ['diff.evil.textconv', evil],
      ['filter.evil.clean', evil],
      ['filter.evil.smudge', evil],
      ['filter.evil.process', evil],
      ['filter.evil.required', 'true'],
      ['credential.helper', evil],
      ['alias.diff', `!${evil}`],
      ['alias.rev-parse', `!${evil}`],
      ['extensions.partialClone', 'origin'],
      ['remote.origin.url', 'ext::sh -c evil'],
      ['remote.origin.promisor', 'true'],
      ['remote.origin.uploadpack', evil],
    ] as const;
    const plant = (directory: string) =>
      config.map(([key, value]) => `git config -f ${directory}/.git/config '${key}' '${value}'`).join('\n');
    await run(`
printf '#!/bin/sh\\ntouch %s\\ncat\\n' '${ran}' > evil.sh; chmod +x evil.sh
mkdir hooks
for hook in post-checkout post-index-change pre-commit fsmonitor-watchman reference-transaction; do cp evil.sh hooks/$hook; done
mkdir -p .git/hooks .git/info && cp hooks/* .git/hooks/
echo '* filter=evil diff=evil' > .gitattributes
cp .gitattributes .git/info/attributes
echo changed > a.txt; echo 2 > sub/f; echo new > b.txt
${plant('.')}
${plant('sub')}
echo 2 > other/f; git config -f other/.git/config filter.evil.clean '${evil}'; mkdir -p other/.git/info; cp .gitattributes other/.git/info/attributes`);
    for (const more of ['true', `printf '[include]\\n\\tpath = ${evil}\\n' >> sub/.git/config`]) {
      await run(more);
      const { diff: text } = await diff();
      for (const path of [join(opened.directory, '.git/ran'), join(outside, 'ran')]) {
        expect(existsSync(path)).toBe(false);
      }
      expect(text).toContain('-one\n+changed\n');
      expect(text).toContain('+++ b/b.txt\n');
    }
  });

  it('ends within its time when a repository makes git wait', async () => {
    await open(
      `git init -q . && echo 1 > f && ${COMMIT} && mkfifo wait && printf '[include]\\n\\tpath = ../wait\\n' >> .git/config`,
    );
    const impatient = openControl(700);
    await expect(
      impatient.diff(opened.workspace, { path: '.', ownerId: 'o' }, never()),
    ).rejects.toMatchObject({ code: 'timeout' });
    await impatient.close();
  });

  it('is cut at a line when it is long, and leaves large files out', async () => {
    await open('git init -q . && seq 1 300000 > long && head -c 6000000 /dev/zero | tr "\\0" "x" > huge');
    const { diff: text, truncated } = await diff();
    expect(truncated).toBe(true);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
    expect(text).toMatch(/\n\+\d+\n$/);
    expect(text).toContain('Binary files /dev/null and b/huge differ');
  });

  it('says so when a repository is broken, without naming places of the server', async () => {
    await open(`git init -q . && echo 1 > f && ${COMMIT} && rm -rf .git/objects/*`);
    const error = await diff().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'failed' });
    expect(String(error)).not.toMatch(/\/tmp|\/workspace|\/usr/);
  });
});
