import { describe, expect, test } from 'vitest';
import { ALLOWED_SYSCALLS } from './allowed-syscalls.ts';
import { encode, OPCODES, type Program } from './bpf.ts';
import { compileSandboxFilter, sandboxFilter } from './filter.ts';
import { DENIED_SYSCALLS, INSPECTED_SYSCALLS, numberFor } from './syscalls.ts';

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (value: number): number => 0x00050000 | value;

interface Call {
  number: number;
  args?: bigint[];
  arch?: number;
}

/** Runs a filter as the kernel does, over `struct seccomp_data`. */
function interpret(program: Program, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE((call.arch ?? 0xc000003e) >>> 0, 4);
  (call.args ?? []).forEach((value, index) => {
    data.writeBigUInt64LE(value, 16 + index * 8);
  });
  let accumulator = 0;
  for (let at = 0; at < program.length; at += 1) {
    const instruction = program[at];
    if (instruction === undefined) break;
    const { code, operand } = instruction;
    if (code === OPCODES.LOAD_WORD) accumulator = data.readUInt32LE(operand);
    else if (code === OPCODES.RETURN) return operand >>> 0;
    else at += holds(code, accumulator, operand >>> 0) ? instruction.ifTrue : instruction.ifFalse;
  }
  throw new Error('the program ran off its end');
}

function holds(code: number, word: number, operand: number): boolean {
  if (code === OPCODES.JUMP_EQUAL) return word === operand;
  if (code === OPCODES.JUMP_GREATER_EQUAL) return word >= operand;
  if (code === OPCODES.JUMP_ANY_BIT) return (word & operand) !== 0;
  throw new Error(`unknown instruction ${code}`);
}

describe('the x86_64 filter', () => {
  const filter = sandboxFilter('x64');
  const run = (number: number, ...args: bigint[]): number => interpret(filter, { number, args });

  test('lets ordinary calls through', () => {
    for (const numbers of ALLOWED_SYSCALLS.values()) {
      const number = numberFor(numbers, 'x64');
      if (number !== null) expect(run(number)).toBe(ALLOW);
    }
    for (const number of [0, 1, 2, 9, 39, 57, 59, 60, 257, 302, 334]) expect(run(number)).toBe(ALLOW);
  });

  test('refuses every call of the deny list', () => {
    for (const numbers of Object.values(DENIED_SYSCALLS)) {
      expect(run(numberFor(numbers, 'x64') ?? -1)).toBe(errno(1));
    }
  });

  test('kills a process that calls through another architecture', () => {
    expect(interpret(filter, { number: 1, arch: 0x40000003 })).toBe(KILL);
  });

  test('answers the x32 ABI as unknown', () => {
    expect(run(0x40000000)).toBe(errno(38));
    expect(run(0x40000000 + 520)).toBe(errno(38));
    expect(run(-1)).toBe(errno(38));
  });

  test('lets threads and forks through and refuses new namespaces', () => {
    expect(run(56, 0x11n)).toBe(ALLOW);
    expect(run(56, 0x3d0f00n)).toBe(ALLOW);
    for (const flag of [
      0x20000n,
      0x02000000n,
      0x04000000n,
      0x08000000n,
      0x10000000n,
      0x20000000n,
      0x40000000n,
    ]) {
      expect(run(56, flag | 0x11n)).toBe(errno(1));
    }
    expect(run(435)).toBe(errno(38));
  });

  test('refuses to type into the terminal, whatever the upper half of the argument says', () => {
    expect(run(16, 0n, 0x5412n)).toBe(errno(1));
    expect(run(16, 0n, 0xffffffff00005412n)).toBe(errno(1));
    expect(run(16, 0n, 0x541cn)).toBe(errno(1));
    expect(run(16, 0n, 0x5413n)).toBe(ALLOW);
  });

  test('leaves internet and Unix sockets and questions about routes, and no other family', () => {
    const allowed = new Set([1n, 2n, 10n, 16n]);
    for (let family = 0n; family < 64n; family += 1n) {
      expect(run(41, family, 1n), `family ${family}`).toBe(allowed.has(family) ? ALLOW : errno(97));
      expect(run(53, family, 1n), `pair ${family}`).toBe(family === 1n ? ALLOW : errno(97));
    }
    expect(run(41, 0xffffffff00000011n, 3n)).toBe(errno(97));
    for (let protocol = 1n; protocol < 32n; protocol += 1n) {
      expect(run(41, 16n, 3n, protocol), `netlink ${protocol}`).toBe(errno(93));
    }
  });

  test('leaves the types and protocols of the internet that need no module', () => {
    for (const family of [2n, 10n]) {
      for (const type of [1n, 2n, 3n, 0x80801n]) expect(run(41, family, type)).toBe(ALLOW);
      for (const type of [4n, 5n, 6n, 10n, 0x80005n]) expect(run(41, family, type)).toBe(errno(94));
      for (const protocol of [0n, 1n, 6n, 17n, 58n]) expect(run(41, family, 2n, protocol)).toBe(ALLOW);
      for (const protocol of [2n, 33n, 132n, 136n, 255n, 262n]) {
        expect(run(41, family, 1n, protocol)).toBe(errno(93));
      }
    }
  });

  test('leaves the personalities that change nothing for others', () => {
    for (const value of [0n, 0x40000n, 0xffffffffn]) expect(run(135, value)).toBe(ALLOW);
    for (const value of [0x400000n, 0x200000n, 0x4000000n]) expect(run(135, value)).toBe(errno(22));
  });

  test('knows no call that is in neither list', () => {
    const known = new Set<number | null>(
      [
        ...ALLOWED_SYSCALLS.values(),
        ...Object.values(DENIED_SYSCALLS),
        ...Object.values(INSPECTED_SYSCALLS),
      ].map((numbers) => numberFor(numbers, 'x64')),
    );
    for (let number = 0; number < 1024; number += 1) {
      if (!known.has(number)) expect(run(number), `call ${number}`).toBe(errno(38));
    }
    for (const ring of [425, 426, 427]) expect(run(ring)).toBe(errno(38));
  });
});

describe('the aarch64 filter', () => {
  const filter = sandboxFilter('arm64');
  const run = (number: number, ...args: bigint[]): number =>
    interpret(filter, { number, args, arch: 0xc00000b7 });

  test('uses the numbers of that processor', () => {
    expect(run(220, 0x10000011n)).toBe(errno(1));
    expect(run(220, 0x11n)).toBe(ALLOW);
    expect(run(29, 0n, 0x5412n)).toBe(errno(1));
    expect(run(198, 1n)).toBe(ALLOW);
    expect(run(198, 17n, 3n)).toBe(errno(97));
    for (const numbers of ALLOWED_SYSCALLS.values()) {
      const number = numberFor(numbers, 'arm64');
      if (number !== null) expect(run(number)).toBe(ALLOW);
    }
    expect(run(40)).toBe(errno(1));
    expect(run(425)).toBe(errno(38));
    expect(run(1000)).toBe(errno(38));
    expect(run(56)).toBe(ALLOW);
    expect(interpret(filter, { number: 1, arch: 0xc000003e })).toBe(KILL);
  });
});

test('an unknown processor has no filter', () => {
  expect(compileSandboxFilter('riscv64')).toBeNull();
});

test('a program is encoded as eight bytes for each instruction', () => {
  expect(encode([{ code: 0x15, ifTrue: 1, ifFalse: 2, operand: 0xc000003e }]).toString('hex')).toBe(
    '150001023e0000c0',
  );
});
