import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { createAddressGuard, type Resolve } from '../../src/infra/net/address-guard.ts';
import { hasBubblewrap, LIMITS, never, type Opened, openWorkspace } from '../integration/sandbox/drivers.ts';
import { createReport } from './report.ts';

const MODES: [string, boolean][] =
  process.getuid?.() === 0
    ? [
        ['as a user of its own', false],
        ['as the owner of a listed directory', true],
      ]
    : [["in a user namespace of the server's user", false]];

const ANSWERS: Record<string, string[]> = {
  'allowed.test': ['127.0.0.1'],
  'a.wild.test': ['127.0.0.1'],
  'private.test': ['10.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'mixed.test': ['127.0.0.1', '10.0.0.1'],
};

/** Names of this test; its web server stands for the internet. */
function testNetwork(port: number) {
  const resolved: string[] = [];
  const resolve = (
    name: string,
    _options: object,
    callback: (error: Error | null, all?: object[]) => void,
  ) => {
    resolved.push(name);
    const list = ANSWERS[name];
    if (list === undefined) callback(new Error('ENOTFOUND'));
    else
      callback(
        null,
        list.map((address) => ({ address, family: 4 })),
      );
  };
  const names = [
    'allowed.test',
    '*.wild.test',
    'private.test',
    'metadata.test',
    'mixed.test',
    'unknown.test',
  ];
  return {
    resolved,
    network: {
      mode: 'allowlist' as const,
      allow: names.map((name) => `${name}:${port}`),
      guard: createAddressGuard({
        resolve: resolve as unknown as Resolve,
        isPublicAddress: (address) => address === '127.0.0.1',
      }),
    },
  };
}

/** Sends bytes to the proxy and prints the answer. */
const RAW = `raw() { exec 3<>/dev/tcp/127.0.0.1/3128; printf "$1" >&3; cat <&3; exec 3>&-; }`;

describe.each(MODES)('commands with an allowlist, %s', (mode, listedRoot) => {
  if (!hasBubblewrap) {
    test.skip('bubblewrap is not installed', () => {});
    return;
  }
  const { attempt } = createReport(`Ways out through the proxy, ${mode}`);
  const item = (title: string, body: () => Promise<void>) =>
    test(`B18 ${title}`, attempt('B18', title, body));

  let web: Server;
  let port: number;
  let opened: Opened;
  let resolved: string[];
  const requests: string[] = [];
  const connections = { count: 0 };

  beforeAll(async () => {
    web = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        requests.push(`${request.method} ${request.headers.host}${request.url}`);
        const { 'proxy-authorization': credentials, 'x-kept': kept } = request.headers;
        response.setHeader('x-got', `${credentials ?? 'none'}/${kept ?? 'none'}`);
        response.end(`reached ${body}\n`);
      });
    }).listen(0, '127.0.0.1');
    web.on('connection', () => {
      connections.count += 1;
    });
    await once(web, 'listening');
    port = (web.address() as AddressInfo).port;
    const prepared = testNetwork(port);
    resolved = prepared.resolved;
    opened = await openWorkspace({ listedRoot, network: prepared.network });
  });
  afterAll(async () => {
    await opened.close();
    web.closeAllConnections();
    web.close();
  });

  const run = (command: string) => opened.workspace.exec({ command, timeoutMs: 20_000 }, never());
  const raw = async (bytes: string) => (await run(`${RAW}; raw '${bytes}'`)).stdout;

  item('the self-test passes', async () => {
    expect(await opened.provider.selfTest()).toEqual({ ok: true, problems: [] });
  });

  item('a listed host is reached by a tunnel and by a plain request', async () => {
    const tunnel = `CONNECT allowed.test:${port} HTTP/1.1\\r\\nHost: allowed.test:${port}\\r\\n\\r\\n`;
    const inner = `GET /in HTTP/1.0\\r\\nHost: allowed.test\\r\\n\\r\\n`;
    const tunnelled = await raw(tunnel + inner);
    expect(tunnelled).toMatch(/^HTTP\/1\.1 200 [\s\S]*reached/);
    const plain = await raw(
      `POST http://A.Wild.Test.:${port}/p?q=1 HTTP/1.1\\r\\nHost: a.wild.test:${port}\\r\\nContent-Length: 4\\r\\nProxy-Authorization: x\\r\\nX-Kept: yes\\r\\nConnection: close\\r\\n\\r\\nbody`,
    );
    expect(plain).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*x-got: none\/yes[\s\S]*reached body/i);
    expect(requests).toEqual(['GET allowed.test/in', `POST a.wild.test:${port}/p?q=1`]);
  });

  item('programs find the proxy by themselves', async () => {
    const { stdout } = await run(
      `command -v curl > /dev/null || { echo reached; exit; }; curl -s -d hello http://allowed.test:${port}/; curl -sp http://a.wild.test:${port}/`,
    );
    expect(stdout).toContain('reached');
    const denied = await run(
      'curl -s http://denied.test/; curl -s https://denied.test/ -o /dev/null -w %{http_connect}',
    );
    if (denied.exitCode !== 127) {
      expect(denied.stdout).toBe('crush: denied.test:80: the host and port are not on the allowlist\n403');
    }
  });

  item('nothing is reached but through the proxy', async () => {
    const before = connections.count;
    const hosts = [`127.0.0.1/${port}`, '169.254.169.254/80', '10.0.0.1/80', '1.1.1.1/53'];
    const { stdout } = await run(
      `for h in ${hosts.join(' ')}; do (exec 3<>/dev/tcp/$h) 2>/dev/null && echo "$h"; done; cat /proc/net/dev | wc -l`,
    );
    expect(stdout).toBe('3\n');
    expect(connections.count).toBe(before);
    const sockets = await run(`ls -l /proc/self/fd | grep -c 'net:\\|user:'`);
    expect(sockets.stdout).toBe('0\n');
  });

  item('tricks with names are refused before anything is resolved', async () => {
    const before = { resolved: resolved.length, connections: connections.count };
    const targets = [
      `evil.test\\0.allowed.test:${port}`,
      `evil.test%%00.allowed.test:${port}`,
      `allowed.test.evil.test:${port}`,
      `notallowed.test:${port}`,
      `wild.test:${port}`,
      `x@allowed.test:${port}`,
      `allowed.test:${port}@evil.test:${port}`,
      `allowed.test..:${port}`,
      `127.0.0.1:${port}`,
      `2130706433:${port}`,
      `0x7f.1:${port}`,
      `[::1]:${port}`,
      `[::ffff:127.0.0.1]:${port}`,
      'allowed.test:22',
      'allowed.test',
    ];
    for (const target of targets) {
      const tunnel = await raw(`CONNECT ${target} HTTP/1.1\\r\\nHost: allowed.test:${port}\\r\\n\\r\\n`);
      expect(tunnel, target).not.toMatch(/^HTTP\/1\.[01] 200/);
      const plain = await raw(
        `GET http://${target}/ HTTP/1.1\\r\\nHost: allowed.test:${port}\\r\\nConnection: close\\r\\n\\r\\n`,
      );
      expect(plain, target).not.toMatch(/^HTTP\/1\.[01] 200/);
    }
    expect(resolved.length).toBe(before.resolved);
    expect(connections.count).toBe(before.connections);
  });

  item('a Host header that differs, is missing or doubled is refused', async () => {
    const before = connections.count;
    for (const headers of [
      'Host: evil.test\\r\\n',
      '',
      `Host: allowed.test:${port}\\r\\nHost: evil.test\\r\\n`,
    ]) {
      const answer = await raw(
        `GET http://allowed.test:${port}/ HTTP/1.1\\r\\n${headers}Connection: close\\r\\n\\r\\n`,
      );
      expect(answer).toMatch(/^(HTTP\/1\.1 40[03] |$)/);
    }
    for (const line of [
      'GET / HTTP/1.1',
      `GET https://allowed.test:${port}/ HTTP/1.1`,
      'GET ftp://allowed.test/ HTTP/1.1',
    ]) {
      expect(await raw(`${line}\\r\\nHost: allowed.test:${port}\\r\\nConnection: close\\r\\n\\r\\n`)).toMatch(
        /^HTTP\/1\.1 403 [\s\S]*crush: this is a proxy/,
      );
    }
    expect(connections.count).toBe(before);
  });

  item('names that lead to private and metadata addresses are refused', async () => {
    for (const name of ['private.test', 'metadata.test', 'mixed.test']) {
      const answer = await raw(`CONNECT ${name}:${port} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*an address that is not public/);
    }
    expect(await raw(`CONNECT unknown.test:${port} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n`)).toMatch(
      /^HTTP\/1\.1 502 [\s\S]*was not found/,
    );
  });

  item('a second request on a kept connection is checked again', async () => {
    const first = `GET http://allowed.test:${port}/1 HTTP/1.1\\r\\nHost: allowed.test:${port}\\r\\n\\r\\n`;
    const second = `GET http://denied.test:${port}/2 HTTP/1.1\\r\\nHost: denied.test:${port}\\r\\nConnection: close\\r\\n\\r\\n`;
    const answer = await raw(first + second);
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*reached[\s\S]*HTTP\/1\.1 403 /);
    expect(requests).not.toContain(`GET denied.test:${port}/2`);
  });

  item('commands of one workspace share a loopback, those of another do not', async () => {
    const second = await openWorkspace({ network: testNetwork(port).network });
    try {
      const listen = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:5555", Listen => 1, ReuseAddr => 1); $c = $s->accept; print "met"'`;
      const listening = run(listen);
      const ask =
        'for i in 1 2 3 4 5 6 7 8 9 10; do (exec 3<>/dev/tcp/127.0.0.1/5555) 2>/dev/null && exit; sleep 0.2; done; echo alone';
      const stranger = await second.workspace.exec({ command: ask, timeoutMs: 20_000 }, never());
      expect(stranger.stdout).toBe('alone\n');
      await run(ask);
      expect((await listening).stdout).toBe('met');
    } finally {
      await second.close();
    }
  });

  item('many connections end with their command', async () => {
    const before = connections.count;
    const { exitCode } = await run(
      `perl -MIO::Socket::INET -e 'for (1..400) { my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:3128") or next; print $s "CONNECT allowed.test:${port} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"; push @s, $s } sleep 1'`,
    );
    expect(exitCode).toBe(0);
    expect(connections.count - before).toBeLessThanOrEqual(256);
    await expect
      .poll(() => new Promise<number>((resolve) => web.getConnections((_error, count) => resolve(count))), {
        timeout: 5000,
      })
      .toBe(0);
    expect(
      await raw(`GET http://allowed.test:${port}/ HTTP/1.0\\r\\nHost: allowed.test:${port}\\r\\n\\r\\n`),
    ).toMatch(/reached/);
  });
});

describe('a pattern that cannot be meant', () => {
  test.each(['*', '*.com', 'http://a.com', 'a.com:99999'])('%s stops the start', async (pattern) => {
    const { network } = testNetwork(1);
    await expect(openWorkspace({ network: { ...network, allow: [pattern] } })).rejects.toThrow(
      /sandbox\.network\.allow/,
    );
  });

  test('and so does an allowlist without a sandbox that holds it', async () => {
    const { network } = testNetwork(1);
    await expect(openWorkspace({ driver: 'host', network, limits: LIMITS, log: silentLog })).rejects.toThrow(
      /needs bubblewrap/,
    );
  });
});
