/** Classic BPF as the kernel's seccomp filter reads it: linux/filter.h, linux/seccomp.h. */
export interface Instruction {
  code: number;
  /** Instructions skipped when a comparison holds, and when it does not. */
  ifTrue: number;
  ifFalse: number;
  operand: number;
}

export type Program = readonly Instruction[];

const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

export const OPCODES = { LOAD_WORD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_ANY_BIT, RETURN } as const;

/** Offsets in `struct seccomp_data`; arguments are read by their low 32 bits (little endian). */
export const OFFSET_SYSCALL = 0;
export const OFFSET_ARCH = 4;
export const offsetOfArgument = (index: number): number => 16 + index * 8;

const RET_KILL_PROCESS = 0x80000000;
const RET_ERRNO = 0x00050000;
const RET_ALLOW = 0x7fff0000;

const MAX_JUMP = 255;
const INSTRUCTION_BYTES = 8;

export const load = (offset: number): Program => [step(LOAD_WORD, offset)];
export const allow = (): Program => [step(RETURN, RET_ALLOW)];
export const killProcess = (): Program => [step(RETURN, RET_KILL_PROCESS)];
export const fail = (errno: number): Program => [step(RETURN, RET_ERRNO | errno)];

/** Each runs `body` when the loaded word fits, and continues behind it otherwise. */
export const whenEqual = (value: number, body: Program): Program => branch(JUMP_EQUAL, value, body);
export const whenAtLeast = (value: number, body: Program): Program => branch(JUMP_GREATER_EQUAL, value, body);
export const whenAnyBit = (mask: number, body: Program): Program => branch(JUMP_ANY_BIT, mask, body);
export const unlessEqual = (value: number, body: Program): Program => [
  { code: JUMP_EQUAL, ifTrue: jump(body), ifFalse: 0, operand: value },
  ...body,
];

export function encode(program: Program): Buffer {
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES);
  program.forEach((instruction, index) => {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(instruction.code, at);
    bytes.writeUInt8(instruction.ifTrue, at + 2);
    bytes.writeUInt8(instruction.ifFalse, at + 3);
    bytes.writeUInt32LE(instruction.operand >>> 0, at + 4);
  });
  return bytes;
}

function step(code: number, operand: number): Instruction {
  return { code, ifTrue: 0, ifFalse: 0, operand };
}

function branch(code: number, operand: number, body: Program): Program {
  return [{ code, ifTrue: 0, ifFalse: jump(body), operand }, ...body];
}

function jump(body: Program): number {
  if (body.length > MAX_JUMP) throw new RangeError(`jump over ${body.length} instructions`);
  return body.length;
}
