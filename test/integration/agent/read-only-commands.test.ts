import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOnlyScript } from '#ws/agent/tools/shell/command-rules/read-only-command.ts';

let root = '';
let workspace = '';
let mark = '';

/** A repository in which whatever git or a shell might be led to run leaves a mark. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'crush-read-only-'));
  workspace = join(root, 'workspace');
  mark = join(root, 'ran');
  execFileSync('/bin/bash', ['--norc', '-euc', PLANT, 'plant', root], { env: { PATH: '/usr/bin:/bin' } });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PLANT = `
export HOME=$1/home GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
mkdir -p $1/home $1/workspace; cd $1/workspace
evil=$1/evil; printf '#!/bin/sh\\necho "$0 $*" >> %s/ran\\nexec /bin/cat\\n' $1 > $evil; chmod +x $evil
plant() {
  for key in core.fsmonitor core.sshCommand core.pager core.editor core.alternateRefsCommand diff.external diff.evil.command \
    diff.evil.textconv filter.evil.clean filter.evil.smudge filter.evil.process 'filter.a b.clean' merge.evil.driver gpg.program \
    gpg.ssh.program gpg.ssh.defaultKeyCommand credential.helper interactive.diffFilter pager.log remote.origin.uploadpack
  do git config -f "$1" "$key" $evil; done
  git config -f "$1" filter.evil.required true
  for name in status log diff show st; do git config -f "$1" alias.$name "!$evil"; done
  git config -f "$1" remote.origin.url "ext::$evil"
  git config -f "$1" log.showSignature true
  git config -f "$1" status.submoduleSummary true
  git config -f "$1" diff.submodule diff
  git config -f "$1" log.diffMerges remerge
}
attributes='*.txt filter=evil diff=evil merge=evil
*.md filter=a\\ b
'
repository() {
  git init -q -b main .
  printf 'one\\n' > a.txt; printf 'MARKER\\n' > b.md; mkdir -p src; printf 'x = 1\\n' > src/x.py
  printf '%s' "$attributes" > .gitattributes
  git add . && git commit -qm first
  git checkout -q -b side && echo side >> a.txt && git commit -qam side
  git checkout -q main && echo main > src/x.py && git commit -qam main && git merge -q side -m merge
  git tag v1 && echo stash >> b.md && git stash -q
}
repository
mkdir sub && (cd sub && repository)
git -c protocol.file.allow=always -c advice.addEmbeddedRepo=false submodule --quiet add ./sub inner
git commit -qam submodule
git init -q --bare docs && plant docs/config && git -C docs config core.worktree .. || true
plant .git/config; plant sub/.git/config; plant .git/modules/inner/config; plant $HOME/.gitconfig
mkdir -p hooks; for hook in post-checkout post-index-change fsmonitor-watchman reference-transaction query-fsmonitor; do
  cp $evil hooks/$hook; cp $evil .git/hooks/$hook; done
git config core.hooksPath hooks
git config submodule.inner.ignore none
for name in ls cat git bash sh a.sh grep less ssh gpg; do cp $evil $name; cp $evil src/$name; done
for name in -Obash -delete --output=stolen -ofile '-exec' --ext-diff --pre=evil; do : > ./"$name"; : > src/"$name"; done
printf 'echo x >> %s\\n' $1/ran > $HOME/.bashrc; cp $HOME/.bashrc $HOME/.bash_profile; cp $HOME/.bashrc $HOME/.profile
echo changed > a.txt; echo changed MARKER > b.md; echo changed > inner/a.txt; echo changed > sub/a.txt; echo new > new.txt
rm -f $1/ran
`;

function run(script: string, directory = workspace) {
  return spawnSync('/bin/bash', ['--noprofile', '--norc', '-c', script], {
    cwd: directory,
    env: { HOME: join(root, 'home'), PATH: `.:${workspace}:/usr/bin:/bin`, GIT_PAGER: 'cat', PAGER: 'cat' },
    input: '',
    encoding: 'utf8',
    timeout: 5000,
  });
}

/** Everything below the root with its content and time. */
function snapshot(directory = root): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) return [`${path} ${stat.mode}`, ...snapshot(path)];
    const text = stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'latin1');
    return [`${path} ${stat.mode} ${stat.mtimeMs} ${text.length} ${text.slice(0, 2000)}`];
  });
}

function expectHarmless(commands: readonly string[], directory?: string): void {
  const before = snapshot();
  for (const command of commands) {
    run(readOnlyScript(command) ?? 'false', directory);
    expect(existsSync(mark) ? `${command}: ${readFileSync(mark, 'utf8')}` : '').toBe('');
  }
  expect(snapshot()).toEqual(before);
}

test('what is planted there does run when nothing prevents it', () => {
  for (const command of ['git status', 'git diff', 'git log -p', 'git grep -Obash MARKER', 'ls']) {
    run(command);
    expect(`${command} ${existsSync(mark)}`).toBe(`${command} true`);
    rmSync(mark);
  }
  run('git reset -q; git checkout -q .; echo changed > a.txt');
  rmSync(mark, { force: true });
});

const READERS = [
  'git status',
  'git status -sb --untracked-files=all --ignored',
  'git diff',
  'git diff HEAD --stat -p',
  'git diff --cached -p; git diff v1 HEAD -p --word-diff',
  'git log -p --all -m --graph --format="%h %G? %GS %s"',
  'git log --cc -p; git log -c -p',
  'git log -L 1,1:a.txt -S one --stat',
  'git show HEAD v1 HEAD:a.txt',
  'git whatchanged -p -5',
  'git diff-tree -p -r HEAD',
  'git blame a.txt',
  'git blame HEAD -- b.md',
  'git shortlog -sn HEAD',
  'git describe --tags --always',
  'git grep -n MARKER',
  'git ls-files -m -d -o -s',
  'git stash list',
  'git reflog -5; git reflog show HEAD --format=%GS',
  'git for-each-ref --format="%(refname) %(contents:signature)"',
  'git branch -vv -a; git tag -n5; git remote -v; git worktree list',
  'git rev-parse HEAD; git rev-list --count --objects HEAD; git merge-base HEAD v1',
  'git config --list; git config --get core.pager',
  'git check-attr -a a.txt; git check-ignore -v new.txt; git count-objects -v',
  'git cat-file -p HEAD:a.txt; git ls-tree -r HEAD',
  'cd src && git status && git -C .. diff && git -C ../sub status',
];

test.each(['.', 'docs', 'sub', 'inner', 'src'])('git reads %s and runs nothing of it', (directory) => {
  for (const command of READERS) expect(readOnlyScript(command)).not.toBeNull();
  expectHarmless(READERS, join(workspace, directory));
});

test('git that reads tells the truth', () => {
  const read = (command: string) => run(readOnlyScript(command) ?? '').stdout;
  expect(read('git status --short a.txt b.md')).toBe(' M a.txt\n M b.md\n');
  expect(read('git diff --stat -- a.txt')).toContain('1 file changed');
  expect(read('git diff -- a.txt')).toContain('\n+changed\n');
  expect(read('git show HEAD:b.md | cat; git rev-parse --abbrev-ref HEAD')).toBe('MARKER\nmain\n');
  expect(read('git -C sub log --oneline | wc -l').trim()).toBe('4');
  expect(read('git config --get remote.origin.url')).toMatch(/^ext::/);
});

const word = fc.constantFrom(
  'a.txt b.md src HEAD v1 main MARKER . .. docs inner sub new.txt 1 -1 -n -a -l -p -s -v -r -u -c -o -O -e -i -f -z -w -x --'.split(
    ' ',
  ),
  '-Obash -ofile --output=stolen --output stolen -delete -exec -fprint -i.bak --pre=evil --pre ./evil --ext-diff --textconv'.split(
    ' ',
  ),
  '--stat --all --list --cached --graph -L1,1:a.txt --format=%GS --show-signature --no-index -d -D -m -C --help -sv'.split(
    ' ',
  ),
  [
    '[-]Obash',
    '*',
    '-?bash',
    '{--output=stolen,HEAD}',
    '$(./evil)',
    '`./evil`',
    '~',
    '>stolen',
    '2>/dev/null',
    '<a.txt',
  ],
  [
    "'1,2p'",
    "'1w stolen'",
    "'1e ./evil'",
    '"%s"',
    "'a[$(./evil)]'",
    '+%F',
    '-s',
    'tomorrow',
    '-T.',
    '-k1',
    '-t,',
  ],
);
const anyWord = word.chain((words) => fc.constantFrom(...words));
const programs = fc.constantFrom(
  ...'ls cat git head tail sort uniq sed find rg grep tree diff printf echo test cd cut tr wc jq od file stat date type'.split(
    ' ',
  ),
  ...'command column base64 nl paste fold ps which tee cp sh ./ls less awk xargs env rm touch'.split(' '),
  ...'git@status git@log git@diff git@show git@grep git@branch git@tag git@remote git@config git@stash git@reflog'.split(
    ' ',
  ),
  ...'git@blame git@ls-files git@describe git@rev-parse git@worktree git@symbolic-ref git@cat-file git@fetch git@add'.split(
    ' ',
  ),
);
const simple = fc
  .tuple(programs, fc.array(anyWord, { maxLength: 4 }))
  .map(([name, words]) => [...name.split('@'), ...words].join(' '));
const command = fc
  .tuple(simple, fc.option(fc.tuple(fc.constantFrom(' | ', ' && ', '; ', ' || ', '\n', ' & '), simple)))
  .map(([first, more]) => (more ? first + more.join('') : first));

test('no command that needs no question changes or runs anything', () => {
  const candidates = fc.sample(command, { numRuns: 12_000, seed: 3 });
  const passing = [...new Set(candidates)].filter((text) => readOnlyScript(text) !== null);
  expect(passing.length).toBeGreaterThan(300);
  expectHarmless(passing.slice(0, 200));
});
