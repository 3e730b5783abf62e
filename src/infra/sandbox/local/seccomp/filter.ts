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
  numberFor,
  X32_BIT,
} from './syscalls.ts';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACE_FLAGS = 0x7e020000;

/** Typing into the controlling terminal. */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

const AF_UNIX = 1;
const AF_NETLINK = 16;
const AF_PACKET = 17;
const AF_VSOCK = 40;

/** Everything is allowed but the listed calls; `socketpair` stays, because shells and Node talk through it. */
export function sandboxFilter(architecture: Architecture): Program {
  const inspect = (name: keyof typeof INSPECTED_SYSCALLS, body: Program): Program =>
    whenEqual(numberFor(INSPECTED_SYSCALLS[name], architecture) ?? -1, body);
  return [
    ...load(OFFSET_ARCH),
    ...unlessEqual(AUDIT_ARCHITECTURE[architecture], killProcess()),
    ...load(OFFSET_SYSCALL),
    ...(architecture === 'x64' ? whenAtLeast(X32_BIT, fail(ENOSYS)) : []),
    ...Object.values(DENIED_SYSCALLS).flatMap((numbers) => {
      const number = numberFor(numbers, architecture);
      return number === null ? [] : whenEqual(number, fail(EPERM));
    }),
    // ENOSYS makes the C library fall back to clone, whose flags can be seen here.
    ...inspect('clone3', fail(ENOSYS)),
    ...inspect('clone', [
      ...load(offsetOfArgument(0)),
      ...whenAnyBit(NEW_NAMESPACE_FLAGS, fail(EPERM)),
      ...allow(),
    ]),
    ...inspect('ioctl', [
      ...load(offsetOfArgument(1)),
      ...whenEqual(TIOCSTI, fail(EPERM)),
      ...whenEqual(TIOCLINUX, fail(EPERM)),
      ...allow(),
    ]),
    ...inspect('socket', [
      ...load(offsetOfArgument(0)),
      ...[AF_UNIX, AF_NETLINK, AF_PACKET, AF_VSOCK].flatMap((family) =>
        whenEqual(family, fail(EAFNOSUPPORT)),
      ),
      ...allow(),
    ]),
    ...allow(),
  ];
}

/** The filter as bytes for `bwrap --seccomp`; null on a processor that has no table here. */
export function compileSandboxFilter(architecture: string): Buffer | null {
  if (architecture !== 'x64' && architecture !== 'arm64') return null;
  return encode(sandboxFilter(architecture));
}
