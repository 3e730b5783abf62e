import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReadOnlyCommand } from './read-only-command.ts';

const run = promisify(execFile);

test.each([
  'ls',
  'ls -la src',
  'pwd',
  'echo "hello there"',
  'git status',
  'git log --oneline -5',
  'git diff HEAD -- src/a.ts',
  'git grep "a|b"',
  'git branch -a',
  'git config --get user.name',
  'git show HEAD:README.md',
  'date +%F',
  '  ls -la  ',
  'ls\n',
  'echo "a; rm x > y | z & (b) #!"',
  "echo '$(rm x) `rm x` > y'",
  'git log --grep=\'fix; rm\' --format="%h (%an)"',
  'git show HEAD~2 HEAD^',
  'ls "src/app/(auth)/[slug]"',
])('%j needs no question', (command) => {
  expect(isReadOnlyCommand(command)).toBe(true);
});

test.each([
  '',
  'ls; rm x',
  'ls && rm x',
  'ls | sh',
  'ls & rm x',
  'ls\nrm x',
  'ls\rrm x',
  'echo hi > f',
  'echo hi >> f',
  'echo $(rm x)',
  'echo "$(rm x)"',
  'echo `rm x`',
  'cat <(rm x)',
  'ls *',
  'ls {a,b}',
  'echo $HOME',
  'FOO=1 ls',
  'env rm x',
  'nohup rm x',
  'time rm x',
  'timeout 5 rm x',
  'nice rm x',
  'xargs rm',
  'kill 1',
  '/tmp/ls',
  './ls',
  'LS',
  'hostname evil',
  'date -s tomorrow',
  'date 0101000024',
  'git branch -D main',
  'git branch new',
  'git tag -d v1',
  'git tag v1',
  'git remote add x y',
  'git config user.name x',
  'git config --get a --unset b',
  'git -c core.pager=sh log',
  'git -C /x status',
  'git log --output=x',
  'git log --outp=x',
  'git diff --ext-diff',
  'git grep -O sh x',
  'git grep --open-files-in-pager=sh x',
  'git ls-remote --upload-pack=sh x',
  'git st',
  'toString',
  'git constructor',
  '__proto__ x',
  'ls <<E\nx\nE',
  'ls <<< x',
  'ls 2>&1',
  'ls >& f',
  'ls &> f',
  'ls >| f',
  'ls <> f',
  'ls {fd}> f',
  'ls 2> f',
  'ls "$(rm x)"',
  'ls "`rm x`"',
  `ls \${A:=1}`,
  'ls $((a=1))',
  "ls $'x'",
  'ls <(rm x) ',
  '(ls)',
  '{ ls; }',
  '! ls',
  'coproc ls',
  'if ls; then ls; fi',
  'ls() { rm x; }',
  'ls;',
  'ls &',
  'ls # x',
  'ls \\\n; rm x',
  'l\\s',
  'ls "unterminated',
  "ls 'unterminated",
  'ls\u00a0-la',
  'ls\u2028rm x',
  'ls\0rm',
  'ls [ab]',
  'echo a{1..3}',
])('%j asks', (command) => {
  expect(isReadOnlyCommand(command)).toBe(false);
});

const dangerous = fc.oneof(
  fc.constantFrom(
    '$(rm x)',
    '`rm x`',
    '<(rm x)',
    '>(rm x)',
    `\${A:=x}`,
    '$A',
    '$((A=1))',
    '"$(rm x)"',
    '"`rm x`"',
  ),
  fc.constantFrom('> f', '>> f', '>| f', '&> f', '2> f', '>& f', '<> f', '{fd}> f', '<<E\nx\nE\n', '<<< x'),
  fc.constantFrom(
    '; rm x',
    '&& rm x',
    '|| rm x',
    '| rm x',
    '|& rm x',
    '& rm x',
    '\nrm x',
    '; (rm x)',
    '; { rm x; }',
  ),
);
const harmless = fc.constantFrom(
  '-la',
  'src',
  '"a b"',
  "'$(x) > y; z'",
  '"x; y"',
  'HEAD^',
  '--',
  '日本',
  "''",
  '"#"',
);
const program = fc.constantFrom('ls', 'echo', 'pwd', 'git log', 'git status', 'git diff', 'du');

test('no command with a substitution, a redirection or a second command in it passes', () => {
  fc.assert(
    fc.property(program, fc.array(harmless), dangerous, fc.array(harmless), (name, before, danger, after) => {
      expect(isReadOnlyCommand([name, ...before, danger, ...after].join(' '))).toBe(false);
    }),
  );
});

test('no program that is not on the list passes', () => {
  const known = ['ls', 'echo', 'pwd', 'git', 'du', 'df', 'id', 'ps', 'cal', 'type', 'date', 'free', 'uname'];
  const others = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(others, fc.array(harmless), (name, args) => {
      const first = name.trim().split(/[\s"']+/)[0] ?? '';
      fc.pre(!known.includes(first) && /^[a-z./]+$/.test(first));
      fc.pre(
        !['groups', 'hostname', 'printenv', 'uptime', 'whatis', 'whereis', 'which', 'whoami'].includes(first),
      );
      expect(isReadOnlyCommand([name, ...args].join(' '))).toBe(false);
    }),
  );
});

test('what passes runs as one command and nothing else', async () => {
  const piece = fc.oneof(harmless, fc.string({ unit: 'grapheme-ascii', maxLength: 6 }));
  const texts = fc.sample(fc.array(piece, { maxLength: 4 }), { numRuns: 3000, seed: 7 });
  const passing = texts.map((words) => `echo ${words.join(' ')}`).filter(isReadOnlyCommand);
  expect(passing.length).toBeGreaterThan(200);
  const script = `${passing.map((command) => command.replace(/^echo/, 'count')).join('\n')}\n`;
  const { stdout, stderr } = await run('/bin/bash', ['--norc', '-c', `count() { echo "$#"; }\n${script}`], {
    cwd: '/',
    env: {},
  });
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toHaveLength(passing.length);
});
