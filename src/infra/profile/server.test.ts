import { type RequestOptions, request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { Profile } from 'pprof-format';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../../test/harness/process.ts';
import { type ProfileServer, startProfileServer } from './server.ts';

let server: ProfileServer;
beforeAll(async () => {
  server = await startProfileServer(await freePort());
});
afterAll(() => server.close());

function burn(ms: number): void {
  const end = Date.now() + ms;
  while (Date.now() < end) Math.sqrt(Math.random());
}

describe('profile server', () => {
  it('answers a CPU profile that pprof can read and that holds what ran', async () => {
    // The sampler needs a core as well: on a busy host it may miss a whole profile.
    let names: unknown[] = [];
    let profile = new Profile();
    while (!names.includes('burn')) {
      const timer = setInterval(() => burn(40), 50);
      const response = await fetch(`${server.url}profile?seconds=0.6`);
      clearInterval(timer);
      profile = Profile.decode(gunzipSync(Buffer.from(await response.arrayBuffer())));
      names = profile.function.map((entry) => profile.stringTable.strings[Number(entry.name)]);
    }
    expect(names).toContain('burn');
    expect(profile.sampleType).toHaveLength(2);
  });

  it('answers the same for Chrome', async () => {
    const profile = (await (
      await fetch(`${server.url}profile?seconds=0.1&format=cpuprofile`)
    ).json()) as object;
    expect(Object.keys(profile)).toEqual(expect.arrayContaining(['nodes', 'samples', 'timeDeltas']));
  });

  it('answers the heap, the handles and the event-loop delay', async () => {
    const heap = await fetch(`${server.url}heap`);
    const profile = Profile.decode(gunzipSync(Buffer.from(await heap.arrayBuffer())));
    expect(profile.sample.length).toBeGreaterThan(0);
    expect(await (await fetch(`${server.url}handles`)).json()).toHaveProperty('active');
    expect(await (await fetch(`${server.url}eventloop`)).json()).toHaveProperty('p99');
  });

  it('refuses other names, unknown pages and absurd durations', async () => {
    expect((await fetch(`${server.url}nothing`)).status).toBe(404);
    expect((await fetch(`${server.url}profile?seconds=1e9`)).status).toBe(400);
    const statusOf = (options: RequestOptions) =>
      new Promise((resolve) => {
        request(server.url, options, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).end();
      });
    expect(await statusOf({ headers: { host: 'evil.example' } })).toBe(403);
    expect(await statusOf({ path: '//' })).toBe(500);
    expect(await statusOf({})).toBe(200);
  });
});
