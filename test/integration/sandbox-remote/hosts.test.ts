import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Workspace } from '#domain/workspace/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { newId } from '#shared/ids.ts';
import { freePort } from '../../harness/process.ts';
import { until } from '../../harness/until.ts';
import { never } from '../sandbox/drivers.ts';
import {
  connectTo,
  createMemoryPlacements,
  startSandboxServer,
  type TestSandboxServer,
  temporaryDirectory,
} from './world.ts';

let base: string;
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  base = await temporaryDirectory();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(base, { recursive: true, force: true });
});

async function start(name: string, port?: number): Promise<TestSandboxServer> {
  const server = await startSandboxServer({ dataDir: join(base, name), port });
  closing.push(() => server.stop());
  return server;
}

function connect(hosts: string[], more: Parameters<typeof connectTo>[1] = {}) {
  const provider = connectTo(hosts, more);
  closing.push(() => provider.close());
  return provider;
}

const run = (workspace: Workspace, command: string) => workspace.exec({ command }, never());

/** Tries until it works. */
async function comesBack(attempt: () => Promise<unknown>, limitMs = 20_000): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() - startedAt > limitMs) throw error;
      await sleep(50);
    }
  }
}

describe('two sandbox servers', () => {
  test('share new projects, and each project stays where it is for every process', async () => {
    const servers = [await start('a'), await start('b')];
    const placement = createMemoryPlacements();
    const urls = servers.map(({ url }) => url);
    const first = connect(urls, { placement });
    const ids = Array.from({ length: 6 }, () => newId());
    for (const id of ids) await first.create(id, null);
    for (const { url, dataDir } of servers) {
      const here = ids.filter((id) => placement.all().get(id) === url);
      expect(here).toHaveLength(3);
      expect(here.every((id) => existsSync(join(dataDir, 'workspaces', id)))).toBe(true);
    }

    const second = connect(
      [...urls].reverse().map((url) => `${url}/`),
      { placement },
    );
    for (const id of ids) {
      await (await first.open(id, null)).write('who', Buffer.from(id));
      const { bytes } = await (await second.open(id, null)).read('who');
      expect(Buffer.from(bytes).toString()).toBe(id);
    }
  });

  test('go on without the one that is away, for new projects and for old ones', async () => {
    const stays = await start('stays');
    const leaves = await start('leaves');
    const placement = createMemoryPlacements();
    const provider = connect([stays.url, leaves.url], { placement });
    const here = newId();
    const there = newId();
    await placement.put(here, stays.url);
    await placement.put(there, leaves.url);
    for (const id of [here, there]) await provider.create(id, null);
    await leaves.stop();

    const gone = await provider.open(there, null);
    await expect(gone.stat('')).rejects.toMatchObject({ code: 'unavailable' });
    expect((await run(await provider.open(here, null), 'echo on')).stdout).toBe('on\n');
    for (let i = 0; i < 3; i += 1) {
      const id = newId();
      await provider.create(id, null);
      expect(placement.all().get(id)).toBe(stays.url);
    }
    await stays.stop();
    await expect(provider.create(newId(), null)).rejects.toMatchObject({ code: 'unavailable' });
    expect(placement.all().size).toBe(5);
  });

  test('are told apart from one that is no longer configured', async () => {
    const { url } = await start('a');
    const placement = createMemoryPlacements();
    const id = newId();
    await placement.put(id, 'http://127.0.0.1:1');
    const provider = connect([url], { placement });
    await expect(provider.open(id, null)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(provider.open(newId(), null)).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a sandbox server that goes away and comes back', () => {
  test('gives clear errors at once, and then works again for the same workspace', async () => {
    const before = await start('a');
    const provider = connect([before.url]);
    const id = newId();
    await provider.create(id, null);
    const workspace = await provider.open(id, null);
    await workspace.write('kept', Buffer.from('x'));
    expect((await run(workspace, 'echo 1')).stdout).toBe('1\n');

    const running = run(workspace, 'touch begun; sleep 60');
    const child = await workspace.spawn({ argv: ['/bin/cat'] });
    running.catch(() => {});
    await until(() => workspace.stat('begun'), 'the command');
    await before.stop();
    await expect(running).rejects.toMatchObject({ name: 'WorkspaceError', code: 'unavailable' });
    expect((await child.exited).exitCode).toBeNull();
    for (const attempt of [
      () => run(workspace, 'true'),
      () => workspace.spawn({ argv: ['/bin/true'] }),
      () => workspace.read('kept'),
      () => workspace.write('new', Buffer.from('x')),
      () => workspace.grep('x', { limit: 1 }),
    ]) {
      const startedAt = performance.now();
      await expect(attempt()).rejects.toMatchObject({ name: 'WorkspaceError', code: 'unavailable' });
      // Well before an answer would be given up.
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    }

    await start('a', before.port);
    await comesBack(() => workspace.read('kept'));
    expect((await run(workspace, 'cat kept')).stdout).toBe('x');
  });

  test('may be away when its users start', async () => {
    const port = await freePort();
    const placement = createMemoryPlacements();
    const url = `http://127.0.0.1:${port}`;
    const id = newId();
    await placement.put(id, url);
    const provider = connect([url], { placement });
    expect(await provider.checkHosts()).toMatchObject([{ url, ok: false, refused: false }]);
    const workspace = await provider.open(id, null);
    await expect(run(workspace, 'true')).rejects.toMatchObject({ code: 'unavailable' });
    const server = await start('a', port);
    await server.local.create(id, null);
    await comesBack(() => run(workspace, 'true'));
    expect((await run(workspace, 'echo there')).stdout).toBe('there\n');
  });

  test('that accepts connections and says nothing is given up soon', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    closing.push(async () => void silent.close());
    await once(silent, 'listening');
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const placement = createMemoryPlacements();
    const id = newId();
    await placement.put(id, `http://127.0.0.1:${address.port}`);
    const provider = connect([`http://127.0.0.1:${address.port}`], { placement, connectTimeoutMs: 300 });
    const startedAt = performance.now();
    await expect(provider.checkHosts()).resolves.toMatchObject([{ ok: false }]);
    await expect(provider.create(newId(), null)).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(15_000);
  });
});

describe('a sandbox server that cannot be used', () => {
  test('refuses another token, which start-up can tell from an outage', async () => {
    const { url } = await start('a');
    const placement = createMemoryPlacements();
    const id = newId();
    await placement.put(id, url);
    const provider = connect([url], { placement, token: 'another-token-of-thirty-two-bytes-or-more' });
    expect(await provider.checkHosts()).toMatchObject([{ ok: false, refused: true }]);
    await expect(provider.create(id, null)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('token'),
    });
  });

  test('runs nothing without isolation unless that is allowed', async () => {
    const server = await startSandboxServer({ dataDir: join(base, 'host'), driver: 'host' });
    closing.push(() => server.stop());
    const id = newId();
    const strict = connect([server.url], { allowUnisolated: false });
    expect(await strict.checkHosts()).toMatchObject([{ ok: false, refused: true }]);
    await strict.create(id, null);
    const workspace = await strict.open(id, null);
    await expect(run(workspace, 'true')).rejects.toMatchObject({
      message: expect.stringContaining('isolation'),
    });
    expect(strict.isolated).toBe(true);

    const lax = connect([server.url], { allowUnisolated: true });
    await lax.create(id, null);
    expect((await run(await lax.open(id, null), 'echo x')).stdout).toBe('x\n');
    expect(lax.isolated).toBe(false);
  });
});
