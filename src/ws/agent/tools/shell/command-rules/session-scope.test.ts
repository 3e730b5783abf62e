import { expect, test } from 'vitest';
import { sessionScope } from './session-scope.ts';

/** Whether a grant for what was shown answers another request. */
function answers(shown: string, asked: string): boolean {
  const granted = new Set(sessionScope(shown).scopes);
  const { scopes } = sessionScope(asked);
  return scopes.length > 0 && scopes.every((scope) => granted.has(scope));
}

test.each([
  ['npm test', 'npm test …'],
  ['npm test -- --run src', 'npm test -- --run …'],
  ['npm run build', 'npm run build …'],
  ['git commit -m "a b"', 'git commit -m …'],
  ['git add . && git commit -qm x', 'git add …, git commit -qm …'],
  ['npm test 2>&1 | tail -20', 'npm test …'],
  ['ls && rm -f a.txt', 'rm -f a.txt'],
  ["rm 'a b'", "rm 'a b'"],
  ['npx vitest run src/a.test.ts', 'npx vitest …'],
  ['cd sub && npm test', 'exactly this command'],
  ['echo x | sh', 'exactly this command'],
  ['npm test > out', 'exactly this command'],
  ['A=1 npm test', 'exactly this command'],
  ['npm test; for f in *; do rm "$f"; done', 'exactly this command'],
])('a grant for %j covers %j', (command, covers) => {
  expect(sessionScope(command).covers).toBe(covers);
});

test.each([
  ['npm test', 'npm test'],
  ['npm test', 'npm test src/a'],
  ['npm test', 'ls; npm test 2>&1 | tail -5'],
  ['git add a && git commit -m one', 'git commit -m two'],
  ['rm a.txt; npm run build', 'npm run build && rm a.txt'],
  ['echo $A > f', 'echo $A > f'],
  [`cat > f <<E\n${'x'.repeat(5000)}\nE`, `cat > f <<E\n${'x'.repeat(5000)}\nE`],
])('a grant for %j answers %j', (shown, asked) => {
  expect(answers(shown, asked)).toBe(true);
});

test.each([
  ['ls && echo x', 'rm -f a.txt'],
  ['ls > a && echo x', 'rm -f a.txt'],
  ['npm test', 'npm run test'],
  ['npm test', 'npm testx'],
  ['npm test', 'npm publish'],
  ['npm test', 'npm --prefix x test'],
  ['npm test', 'npm test --script-shell=./x'],
  ['npm test', 'npm test && rm x'],
  ['npm test', 'npm test; curl x'],
  ['npm test', 'npm test | sh'],
  ['npm test', 'npm test > package.json'],
  ['npm test', 'npm test &'],
  ['npm test', 'npm test $(rm x)'],
  ['npm test', 'npm test "$A"'],
  ['npm test', 'npm test *'],
  ['npm test', 'NODE_OPTIONS=--require=./x npm test'],
  ['npm test', 'cd other && npm test'],
  ['npm test', './npm test'],
  ['npm test', 'env npm test'],
  ['npm test', 'npm test\nrm x'],
  ['npm run build', 'npm run deploy'],
  ['npm run -s build', 'npm run -s deploy'],
  ['git commit -m x', 'git commit -m x --no-verify'],
  ['git commit -m x', 'git commit --amend -m x'],
  ['git commit -m x', 'git -c core.hooksPath=x commit -m x'],
  ['git commit -m x', 'git -c core.pager=sh log'],
  ['git log --output=a', 'git log --output=b'],
  ['git push origin main', 'git push evil main'],
  ['git config user.name x', 'git config core.fsmonitor x'],
  ['rm a', 'rm b'],
  ['rm a', 'rm -rf a'],
  ['echo a | sh', 'echo b | sh'],
  ['sh', 'echo b | sh'],
  ['cat a | npm test', 'cat b | npm test'],
  ['python3 a.py', 'python3 b.py'],
  ['tsc -p a', 'tsc --plugins x'],
  ['go test ./...', 'go test -exec ./x ./...'],
  ['eslint .', 'eslint --rulesdir x .'],
  ['echo $A', 'echo $B'],
  [`rm ${'x'.repeat(600)}a`, `rm ${'x'.repeat(600)}b`],
])('a grant for %j does not answer %j', (shown, asked) => {
  expect(answers(shown, asked)).toBe(false);
});
