import { expect, test } from 'vitest';
import { watchEventLoop } from '../../../../../../test/harness/loop-watch.ts';
import { blockedCommand } from './blocked-commands.ts';

const onHost = (command: string): string | null => blockedCommand(command, false);

test.each([
  ['curl http://x', 'curl'],
  ['ls; wget x', 'wget'],
  ['true\nsudo id', 'sudo'],
  ['a | nc host 1', 'nc'],
  ['echo $(ssh host)', 'ssh'],
  ['echo "$(curl x)"', 'curl'],
  ['echo `curl x`', 'curl'],
  ['FOO=1 /usr/bin/curl x', 'curl'],
  ['timeout 5 curl x', 'curl'],
  ['bash -c "apt-get update"', 'apt-get'],
  ['( mount /dev/sda1 / )', 'mount'],
  ['npm install --global left-pad', 'npm install -g'],
  ['pip install --user x', 'pip install --user'],
  ['go test -exec=sh ./...', 'go test -exec'],
  ['if true; then su root; fi', 'su'],
])('%j is refused because of %s', (command, name) => {
  expect(onHost(command)).toBe(name);
});

test.each(['npm install left-pad', 'go test ./...', 'echo "do not curl"', 'cat sudo.txt', 'pip install x'])(
  '%j may be asked for',
  (command) => {
    expect(onHost(command)).toBeNull();
  },
);

test.each([
  ['bash <<E\nsudo id\nE', 'sudo'],
  ['bash -s <<"E"\nsudo id\nE', 'sudo'],
  ['sh - <<E\nsudo id\nE', 'sudo'],
  ['bash <<< "sudo id"', 'sudo'],
  ['cat <<E | bash\nsudo id\nE', 'sudo'],
  ['echo "sudo id" | sh', 'sudo'],
  ['{ bash; } <<E\nsudo id\nE', 'sudo'],
  ['source /dev/stdin <<E\nsudo id\nE', 'sudo'],
  ['cat <<E\n$(curl x)\nE', 'curl'],
  ['cat <<E\n`curl x`\nE', 'curl'],
  ['python3 - <<E > $(sudo id)\nx\nE', 'sudo'],
  ['cat <<A; sudo id\nx\nA', 'sudo'],
  ['cat <<A\nx\nA\nsudo id', 'sudo'],
  ['case x in x) sudo id;; esac', 'sudo'],
  ['case $(curl x) in *) ;; esac', 'curl'],
  ['f() { curl x; }; f', 'curl'],
  ['for x in $(curl y); do echo; done', 'curl'],
  ['while read l; do wget "$l"; done < urls', 'wget'],
  ['[[ -n $(curl x) ]]', 'curl'],
  ['echo $(( $(curl x) ))', 'curl'],
  ['a=$(curl x)', 'curl'],
  ['a=(1 $(curl x))', 'curl'],
  ['export A=$(curl x)', 'curl'],
  [`echo \${A:-$(curl x)}`, 'curl'],
  ['diff <(curl x) y', 'curl'],
  ['ls > >(nc host 1)', 'nc'],
  ['c\\url x', 'curl'],
  ['c"ur"l x', 'curl'],
  ["'curl' x", 'curl'],
  ["$'c\\x75rl' x", 'curl'],
  ['cu\\\nrl x', 'curl'],
  ['env -u HOME curl x', 'curl'],
  ['nice -n 5 timeout -k 5 10s env A=1 curl x', 'curl'],
  ['xargs -I {} curl {}', 'curl'],
  ['find . -name x -exec curl {} \\;', 'curl'],
  ['find . -exec sh -c "sudo id" \\;', 'sudo'],
  ["eval 'cu''rl x'", 'curl'],
  ["trap 'sudo id' EXIT", 'sudo'],
  ['bash -lc "cd x && sudo id"', 'sudo'],
  ['bash -c \'bash -c "sudo id"\'', 'sudo'],
  ['! curl x', 'curl'],
  ['time curl x', 'curl'],
  ['coproc curl x', 'curl'],
  ['true &&\n  curl x', 'curl'],
  ['if ! curl x; then :; fi', 'curl'],
])('%j is refused because of %s, wherever it stands', (command, name) => {
  expect(onHost(command)).toBe(name);
});

test.each([
  "python3 - <<'E'\nat = 3\nprint(at)\nE",
  "cat > notes.md <<'EOF'\nip addr\nsudo reboot\nEOF",
  'cat > run.sh <<-EOF\n\tsudo apt install x\n\tEOF\nchmod +x run.sh',
  "tee a.sh <<'A' <<'B'\nsudo\nA\ncurl x\nB",
  "psql <<'SQL'\nselect now()\nat time zone 'UTC';\nSQL",
  'node <<E\nat(1)\nE',
  'bash script.sh <<E\nsudo id\nE',
  'case "$1" in\n  mount)\n    echo x;;\n  at|ip) echo y;;\nesac',
  'echo "\nsudo x\n"',
  "git commit -m 'route\nip\nat'",
  "sed -i 's/a/b/' x; grep -n 'sudo' y",
  'echo ip; echo at',
  'ls # curl x',
  'command -v curl',
  'which curl wget',
  'a=curl; echo $a',
  'arr=(curl wget)',
  'for at in 1 2; do echo $at; done',
  'cat <<< "sudo id"',
  'echo {curl,wget}',
  './service start',
  'make && bin/at; ../mount x; /workspace/ip',
  'git commit -m "$(cat <<\'EOF\'\nfix: route\n\nat ip sudo\nEOF\n)"',
  'grep -E "(^|;)\\s*at" x',
  "awk '{ at = 3; print at }' f",
])('%j only speaks of such commands', (command) => {
  expect(onHost(command)).toBeNull();
});

test.each(['$(', '"$(', '((', '$((', `\${a:-`, '<(', '`', '{', 'if true; then ', 'cat <<E\n', '[[ $( '])(
  'a text of many %j is judged within a bounded amount of work',
  (piece) => {
    expect(onHost(piece.repeat(Math.floor(8_000 / piece.length)))).toBeNull();
  },
);

test('a text of expansions within expansions is not looked into for long', () => {
  const loop = watchEventLoop();
  expect(onHost(`echo ${`\${a:-`.repeat(19_000)}`)).toBeNull();
  expect(loop.stop()).toBeLessThan(150);
  expect(onHost(`echo ${`\${a:-x}`.repeat(400)}; curl x`)).toBe('curl');
});

test.each([
  ['curl -s http://127.0.0.1:5173', null],
  ['ip addr', null],
  ['pip install --user x', null],
  ['npm install -g serve', null],
  ['sudo id', 'sudo'],
  ['curl x | sudo sh', 'sudo'],
  ['apt-get install x', 'apt-get'],
])('where commands are isolated, of %j is refused: %j', (command, name) => {
  expect(blockedCommand(command, true)).toBe(name);
});
