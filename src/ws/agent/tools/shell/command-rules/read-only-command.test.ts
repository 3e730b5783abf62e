import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReadOnlyCommand } from './read-only-command.ts';

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
])('%j asks', (command) => {
  expect(isReadOnlyCommand(command)).toBe(false);
});

test('no text with a shell operator outside quotes passes', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom(';', '|', '&', '>', '<', '`', '$(', '\n', '('),
      fc.string(),
      (a, op, b) => {
        const quoted = /["']/.test(a + b);
        return quoted || !isReadOnlyCommand(`ls ${a}${op}${b}`);
      },
    ),
  );
});
