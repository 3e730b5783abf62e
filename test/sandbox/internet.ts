import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { hasBubblewrap } from '../integration/sandbox/drivers.ts';

const IP = '/usr/sbin/ip';
const NSENTER = '/usr/bin/nsenter';
const PROGRAMS = ['/usr/bin/pasta', '/usr/sbin/nft', IP, NSENTER];
const TUN = '/dev/net/tun';

/** Needs passt and nftables, and /dev/net/tun open to everybody, as udev makes it. */
export const canOpenNetwork =
  hasBubblewrap &&
  [...PROGRAMS, TUN].every((path) => existsSync(path)) &&
  (statSync(TUN).mode & 0o006) === 0o006;

/** Addresses of a namespace beside the host's; the first stands for the internet, the second for a private network. */
export const PUBLIC = '198.51.100.2';
export const PRIVATE = '10.99.0.2';
export const PORT = 8099;

const SERVER = `let count = 0;
const udp = require('node:dgram').createSocket('udp4', () => { count += 1; }).bind(${PORT}, '${PRIVATE}');
require('node:http').createServer((request, response) => response.end(request.url === '/count' ? String(count) : 'reached'))
  .listen(${PORT}, '0.0.0.0', () => console.log('ready'));`;

let opened = 0;

/** A second network namespace with a web server, joined to the host's by a pair of interfaces. Needs root. */
export async function openInternet(): Promise<{ close(): Promise<void> }> {
  // The kernel removes the interfaces of the one before when it likes.
  opened += 1;
  const name = `crush${process.pid % 100_000}x${opened}`;
  const holder = spawn('/usr/bin/unshare', ['-n', '/bin/sh', '-c', 'echo; read -r _'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const inside = ['-t', String(holder.pid), '-n'];
  const ip = (...args: string[]) => execFileSync(IP, args);
  const ipInside = (...args: string[]) => execFileSync(NSENTER, [...inside, IP, ...args]);
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(holder.pid));
  for (const net of ['198.51.100', '10.99.0']) {
    ip('address', 'add', `${net}.1/24`, 'dev', name);
    ipInside('address', 'add', `${net}.2/24`, 'dev', 'eth0');
  }
  ip('link', 'set', name, 'up');
  ipInside('link', 'set', 'eth0', 'up');
  ipInside('link', 'set', 'lo', 'up');
  const server = spawn(NSENTER, [...inside, process.execPath, '-e', SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return {
    async close() {
      await Promise.all([end(server), end(holder)]);
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
