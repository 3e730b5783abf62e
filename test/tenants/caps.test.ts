import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScriptedBody, ScriptedModel } from '../doubles/scripted-model/index.ts';
import { DEPLOYMENTS, type Deployment, deploy } from '../e2e/deployment.ts';
import { until } from '../harness/until.ts';
import { ATTACKS, type Counts } from './attacks.ts';
import { configOf, type SilentServer, startModel, startSilentServer } from './deployment.ts';
import { openOrdinary } from './measure.ts';
import { registerTenant, request, type Tenant } from './tenant.ts';

const LIMITS = `limits:
  { user_running_turns: 3, user_queued_turns: 8, user_jobs: 4, registrations_per_address: 3, registrations: 40 }
`;
const TURNS = 1;
/** The whole suite tries one; `npm run test:tenants` both. */
const TRIED = process.env.TENANTS_SECONDS === undefined ? DEPLOYMENTS.slice(0, 1) : DEPLOYMENTS;

/** Counts only: they are the same on a busy machine. The times are the business of the measured run. */
describe.each(TRIED)('a hostile tenant beside two ordinary ones, %s', (kind) => {
  let calm: ScriptedModel;
  let storm: ScriptedModel;
  let silent: SilentServer;
  let deployment: Deployment;
  let hostile: Tenant;
  let ordinary: Tenant[];
  const opened: Array<{ close(): Promise<void> }> = [];

  beforeAll(async () => {
    [calm, storm, silent] = await Promise.all([startModel(), startModel(), startSilentServer()]);
    opened.push(calm, storm, silent);
    const config = configOf({ ordinary: calm.url, hostile: storm.url, silent: silent.origin });
    deployment = await deploy(kind, `${config}${LIMITS}`, "trusted_proxies: ['127.0.0.1']");
    opened.push(deployment);
    const register = (n: number) => registerTenant(deployment, `192.0.2.${n}`);
    ordinary = [await register(1), await register(2)];
    hostile = await register(3);
  });
  afterAll(async () => {
    for (const each of opened.reverse()) await each.close();
  });

  /** Answers of the hostile tenant's model that are under way. */
  const streaming = () => storm.requests.filter(({ aborted, body }) => !aborted && isEndless(body)).length;

  /** Runs attacks side by side while `meanwhile` goes on. */
  async function under(names: readonly string[], meanwhile: () => Promise<void>): Promise<Counts[]> {
    const stop = new AbortController();
    const attacks = names.map((name) => {
      const attack = ATTACKS[name];
      if (!attack) throw new Error(`there is no attack ${name}`);
      const victims = ordinary.map(({ email }) => ({ email }));
      const common = { target: deployment, victims, silentOrigin: silent.origin };
      return attack({ ...common, tenant: hostile, signal: stop.signal });
    });
    try {
      await meanwhile();
    } finally {
      stop.abort();
    }
    return Promise.all(attacks);
  }

  async function ordinaryTurns(): Promise<void> {
    const talks = await Promise.all(ordinary.map((tenant) => openOrdinary(deployment, tenant)));
    for (let n = 0; n < TURNS; n += 1) await Promise.all(talks.map((talk) => talk.turn('ordinary! go')));
    for (const talk of talks) talk.close();
  }

  it('takes its share of the workers and of the queue, and no more', async () => {
    const [counts] = await under(['queue flood'], async () => {
      await until(async () => streaming() === 3, 'its running turns');
      await ordinaryTurns();
      expect(streaming()).toBe(3);
    });
    // Three run and eight wait; what it sent after that was refused.
    expect(counts?.[202]).toBeGreaterThanOrEqual(8);
    expect(counts?.[202]).toBeLessThanOrEqual(11);
    expect(counts?.[429]).toBe(48 - (counts?.[202] ?? 0));
    await until(async () => streaming() === 0, 'the end of its turns');
  });

  it('takes its share of sockets and of clones', async () => {
    const [sockets, clones] = await under(['sockets', 'silent clones'], ordinaryTurns);
    expect(sockets?.open).toBe(20);
    expect(sockets?.[429]).toBe(40);
    // Two clone, four wait; the others are told so at once.
    expect(clones?.[503]).toBeGreaterThan(0);
    expect(clones?.[200]).toBeUndefined();
  });

  it('makes no more accounts than its networks may, and locks nobody out of a known device', async () => {
    const [registrations, guesses] = await under(['registrations', 'login guesses'], async () => {
      await ordinaryTurns();
      for (const { email, password, address } of ordinary) {
        const sent = { method: 'POST', path: '/api/auth/login', address, body: { email, password } };
        const { status, json } = await request(deployment, sent);
        expect([status, json.error]).toEqual([200, undefined]);
      }
      await until(async () => (await registerStatus('2001:db8::ffff')) === 429, 'the limit of its network');
    });
    // Eight networks with three attempts each.
    expect(registrations?.[200] ?? 0).toBeLessThanOrEqual(24);
    expect(guesses?.[200]).toBeUndefined();
    expect(await registerStatus('192.0.2.200')).toBe(200);
  });

  it('starts no more commands than it may have, and fills no other’s workspace', async () => {
    await under(['jobs', 'patterns', 'huge arguments'], ordinaryTurns);
    const { status } = await request(deployment, { method: 'GET', path: '/health', address: '192.0.2.9' });
    expect(status).toBe(200);
  });

  async function registerStatus(address: string): Promise<number> {
    const username = `late${Math.random().toString(36).slice(2)}`;
    const body = { username, email: `${username}@example.com`, password: 'a long password 1' };
    return (await request(deployment, { method: 'POST', path: '/api/auth/register', address, body })).status;
  }
});

/** Not for a title, which has an end. */
function isEndless({ messages = [], tools = [] }: ScriptedBody): boolean {
  return tools.length > 0 && JSON.stringify(messages).includes('endless!');
}
