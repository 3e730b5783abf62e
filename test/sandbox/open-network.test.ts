import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RESERVED_IPV4, RESERVED_IPV6 } from '../../src/infra/net/public-address.ts';
import { never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';
import { canOpenNetwork, openInternet, PORT, PRIVATE, PUBLIC } from './internet.ts';

const isRoot = process.getuid?.() === 0;
const MODES: [string, boolean][] = isRoot
  ? [
      ['as a user of its own', false],
      ["in a user namespace of the server's user", true],
    ]
  : [["in a user namespace of the server's user", false]];

describe.skipIf(!canOpenNetwork).each(MODES)(
  'the open network (with passt, nftables and an open /dev/net/tun), %s',
  (_mode, listedRoot) => {
    let opened: Opened;
    let internet: { close(): Promise<void> } | null = null;
    let listener: Server;
    let port: number;
    let connections = 0;

    beforeAll(async () => {
      internet = isRoot ? await openInternet() : null;
      listener = createServer((socket) => {
        connections += 1;
        socket.end('host');
      }).listen(0, '::');
      await once(listener, 'listening');
      const address = listener.address();
      port = address !== null && typeof address === 'object' ? address.port : 0;
      const refused = [...RESERVED_IPV4, ...RESERVED_IPV6].filter(
        (network) => !network.startsWith('198.51.100.'),
      );
      opened = await openWorkspace({ listedRoot, network: { mode: 'open', refused } });
    });
    afterAll(async () => {
      listener.close();
      await opened.close();
      await internet?.close();
    });

    const run = async (command: string) => {
      const result = await opened.workspace.exec({ command, timeoutMs: 40_000 }, never());
      return result.stdout + result.stderr;
    };
    /** Tries to connect, by sockets bound to an interface too, all at once; says what came through, and that it is done. */
    const tries = (targets: readonly string[]) => `cat > /tmp/try.pl <<'E'
use Socket qw(:DEFAULT :addrinfo);
$| = 1;
for my $target (@ARGV) { for my $device ('', 'eth0', 'lo') { for my $type (SOCK_STREAM, SOCK_DGRAM) {
  next if fork; my ($host, $port) = split /,/, $target;
  my ($error, $info) = getaddrinfo($host, $port, { flags => AI_NUMERICHOST, socktype => $type }); exit if $error;
  socket(my $s, $info->{family}, $type, 0) or exit;
  setsockopt($s, SOL_SOCKET, 25, $device) or print "no device: $!\\n" if $device;
  $SIG{ALRM} = sub { exit }; alarm 3;
  if (connect($s, $info->{addr})) { if ($type == SOCK_DGRAM) { send($s, 'x', 0) } else { print "$target $device\\n" } }
  exit } } }
1 while wait > 0; print "done\\n";
E
perl /tmp/try.pl ${targets.join(' ')}`;

    test('passes the self-test', async () => {
      expect(await opened.provider.selfTest()).toEqual({ ok: true, problems: [] });
    });

    test.skipIf(!isRoot)('as root: reaches the internet', async () => {
      expect(await (await fetch(`http://${PUBLIC}:${PORT}/`)).text()).toBe('reached');
      expect(
        await run(`exec 3<>/dev/tcp/${PUBLIC}/${PORT}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`),
      ).toContain('reached');
    });

    test.skipIf(!isRoot)('as root: reaches no private network, though this host does', async () => {
      expect(await (await fetch(`http://${PRIVATE}:${PORT}/`)).text()).toBe('reached');
      expect(await run(tries([`${PRIVATE},${PORT}`, `::ffff:${PRIVATE},${PORT}`]))).toBe('done\n');
      expect(await (await fetch(`http://${PRIVATE}:${PORT}/count`)).text()).toBe('0');
    });

    test.skipIf(!isRoot)('as root: would reach it without the refusal', async () => {
      const other = await openWorkspace({ listedRoot, network: { mode: 'open', refused: [] } });
      const command = tries([`${PRIVATE},${PORT}`]);
      const { stdout } = await other.workspace.exec({ command, timeoutMs: 20_000 }, never());
      expect(stdout.split('\n').sort()).toEqual([
        '',
        `${PRIVATE},${PORT} `,
        `${PRIVATE},${PORT} eth0`,
        'done',
      ]);
      await other.close();
    });

    test('reaches nothing of this host, nor private, metadata and link-local addresses', async () => {
      const own = Object.values(networkInterfaces()).flatMap((all) =>
        (all ?? []).map(({ address }) => address),
      );
      const others = [
        '0.0.0.0',
        '10.0.2.2',
        '10.0.2.3',
        '169.254.169.254',
        '100.100.100.200',
        '168.63.129.16',
      ];
      const six = [
        '::ffff:127.0.0.1',
        '::127.0.0.1',
        'fd00::8',
        'fe80::1',
        '64:ff9b::7f00:1',
        'ff02::1',
        'fd00::1',
      ];
      const targets = [...own, ...others, ...six].map((address) => `${address.replace(/%.*/, '')},${port}`);
      expect(await run(tries(targets))).toBe('done\n');
      expect(connections).toBe(0);
    });

    test('gives commands no right to change its filter, its routes and addresses', async () => {
      const said = await run(
        `ip link set lo down; ip route add 10.99.0.0/24 dev eth0; ip address add 192.0.2.77/24 dev eth0; /usr/sbin/nft flush ruleset; /usr/sbin/nft list ruleset; perl -e 'socket(S, 2, 2, 0); my $b = pack("a16 s x14", "lo", 0); ioctl(S, 0x8914, $b) or print "ioctl: $!\\n"; socket(S, 2, 3, 1) or print "raw: $!\\n"'; unshare -Un true; nsenter -t 1 -n true`,
      );
      expect(said.match(/not permitted|denied|not supported/g)?.length).toBe(9);
      expect(await run('cat /etc/resolv.conf; exec 3<>/dev/tcp/127.0.0.1/9 || echo up')).toMatch(
        /^nameserver 10\.0\.2\.3\nup\n[\s\S]*refused/,
      );
    });
  },
);
