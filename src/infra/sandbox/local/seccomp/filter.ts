import { ALLOWED_SYSCALLS } from './allowed-syscalls.ts';
import {
  allow,
  encode,
  fail,
  killProcess,
  load,
  OFFSET_ARCH,
  OFFSET_SYSCALL,
  offsetOfArgument,
  type Program,
  unlessEqual,
  whenAnyBit,
  whenAtLeast,
  whenEqual,
} from './bpf.ts';
import {
  type Architecture,
  AUDIT_ARCHITECTURE,
  DENIED_SYSCALLS,
  INSPECTED_SYSCALLS,
  type Numbers,
  numberFor,
} from './syscalls.ts';

const EPERM = 1;
const EINVAL = 22;
const ENOSYS = 38;
const EPROTONOSUPPORT = 93;
const ESOCKTNOSUPPORT = 94;
const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACE_FLAGS = 0x7e020000;

/** FALLOC_FL_KEEP_SIZE, with ZERO_RANGE, with UNSHARE_RANGE: they take space that no limit on the size of a file sees. */
const HIDDEN_ALLOCATIONS = [0x1, 0x11, 0x41];

/** Typing into the controlling terminal. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** PER_LINUX, PER_LINUX32, UNAME26, both, no address randomization (sanitizers ask for it), and the question. */
const PERSONALITIES = [0, 0x8, 0x20000, 0x20008, 0x40000, 0xffffffff];

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
/** The default, ICMP, TCP, UDP, ICMPv6: others would load modules of the kernel. */
const INTERNET_PROTOCOLS = [0, 1, 6, 17, 58];
/** Set in the numbers of types above stream, datagram and raw. */
const OTHER_TYPES = 0xc;

const INSPECTIONS: Record<keyof typeof INSPECTED_SYSCALLS, Program> = {
  clone: [...load(offsetOfArgument(0)), ...whenAnyBit(NEW_NAMESPACE_FLAGS, fail(EPERM)), ...allow()],
  // ENOSYS makes the C library fall back to clone, whose flags can be seen here.
  clone3: fail(ENOSYS),
  fallocate: [
    ...load(offsetOfArgument(1)),
    ...HIDDEN_ALLOCATIONS.flatMap((mode) => whenEqual(mode, fail(EOPNOTSUPP))),
    ...allow(),
  ],
  ioctl: [
    ...load(offsetOfArgument(1)),
    ...whenEqual(TIOCSTI, fail(EPERM)),
    ...whenEqual(TIOCLINUX, fail(EPERM)),
    ...allow(),
  ],
  personality: [
    ...load(offsetOfArgument(0)),
    ...PERSONALITIES.flatMap((value) => whenEqual(value, allow())),
    ...fail(EINVAL),
  ],
  socket: [
    ...load(offsetOfArgument(0)),
    ...whenEqual(AF_UNIX, allow()),
    ...whenEqual(AF_INET, internet()),
    ...whenEqual(AF_INET6, internet()),
    ...whenEqual(AF_NETLINK, [
      ...load(offsetOfArgument(2)),
      ...whenEqual(NETLINK_ROUTE, allow()),
      ...fail(EPROTONOSUPPORT),
    ]),
    ...fail(EAFNOSUPPORT),
  ],
  socketpair: [...load(offsetOfArgument(0)), ...whenEqual(AF_UNIX, allow()), ...fail(EAFNOSUPPORT)],
};

function internet(): Program {
  return [
    ...load(offsetOfArgument(1)),
    ...whenAnyBit(OTHER_TYPES, fail(ESOCKTNOSUPPORT)),
    ...load(offsetOfArgument(2)),
    ...INTERNET_PROTOCOLS.flatMap((protocol) => whenEqual(protocol, allow())),
    ...fail(EPROTONOSUPPORT),
  ];
}

/** Listed calls are allowed, dangerous ones forbidden, and all others, those of the x32 ABI too, do not exist. */
export function sandboxFilter(architecture: Architecture): Program {
  return [
    ...load(OFFSET_ARCH),
    ...unlessEqual(AUDIT_ARCHITECTURE[architecture], killProcess()),
    ...load(OFFSET_SYSCALL),
    ...decide(stretches(architecture)),
  ];
}

/** From a number on, up to the next stretch. */
interface Stretch {
  from: number;
  answer: Program;
}

function stretches(architecture: Architecture): Stretch[] {
  const answers = new Map<number, Program>();
  const give = (numbers: Numbers, answer: Program): void => {
    const number = numberFor(numbers, architecture);
    if (number !== null) answers.set(number, answer);
  };
  const allowed = allow();
  const denied = fail(EPERM);
  const unknown = fail(ENOSYS);
  for (const numbers of ALLOWED_SYSCALLS.values()) give(numbers, allowed);
  for (const numbers of Object.values(DENIED_SYSCALLS)) give(numbers, denied);
  for (const [name, answer] of Object.entries(INSPECTIONS)) {
    give(INSPECTED_SYSCALLS[name as keyof typeof INSPECTIONS], answer);
  }
  const found: Stretch[] = [];
  const end = Math.max(...answers.keys()) + 1;
  for (let from = 0; from <= end; from += 1) {
    const answer = answers.get(from) ?? unknown;
    if (found.at(-1)?.answer !== answer) found.push({ from, answer });
  }
  return found;
}

/** A binary search, so that a call costs the same few steps wherever it is in the table. */
function decide(found: readonly Stretch[]): Program {
  const middle = found[found.length >> 1];
  if (middle === undefined) return fail(ENOSYS);
  if (found.length === 1) return middle.answer;
  return [
    ...whenAtLeast(middle.from, decide(found.slice(found.length >> 1))),
    ...decide(found.slice(0, found.length >> 1)),
  ];
}

/** The filter as bytes for `bwrap --seccomp`; null on a processor that has no table here. */
export function compileSandboxFilter(architecture: string): Buffer | null {
  if (architecture !== 'x64' && architecture !== 'arm64') return null;
  return encode(sandboxFilter(architecture));
}
