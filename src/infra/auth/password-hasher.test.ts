import { describe, expect, it } from 'vitest';
import { createPasswordHasher } from './password-hasher.ts';

const cheap = { log2N: 10, r: 8, p: 1 };

describe('password hasher', () => {
  it('writes PHC text with the parameters of OWASP and accepts the password again', async () => {
    const hasher = createPasswordHasher();
    const hash = await hasher.hash('correct horse battery');
    expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hasher.verify('correct horse battery', hash)).toEqual({ ok: true, renewed: null });
    expect(await hasher.verify('correct horse batterz', hash)).toEqual({ ok: false, renewed: null });
  });

  it('makes a new hash in the place of one of other parameters', async () => {
    const hash = await createPasswordHasher({ cost: cheap }).hash('a password');
    const hasher = createPasswordHasher({ cost: { ...cheap, p: 2 } });
    const { ok, renewed } = await hasher.verify('a password', hash);
    expect([ok, renewed]).toEqual([true, expect.stringMatching(/^\$scrypt\$ln=10,r=8,p=2\$/)]);
    expect(await hasher.verify('a password', renewed)).toEqual({ ok: true, renewed: null });
    expect((await hasher.verify('another one', hash)).renewed).toBeNull();
  });

  it('salts: the same password gives different texts', async () => {
    const hasher = createPasswordHasher({ cost: cheap });
    expect(await hasher.hash('same same')).not.toBe(await hasher.hash('same same'));
  });

  it('neither truncates a long password nor tells composed from decomposed letters', async () => {
    const hasher = createPasswordHasher({ cost: cheap });
    const long = 'ä'.repeat(1000);
    const hash = await hasher.hash(`${long}x`);
    expect((await hasher.verify(`${long}y`, hash)).ok).toBe(false);
    expect((await hasher.verify(`${long.normalize('NFD')}x`, hash)).ok).toBe(true);
  });

  it.each([
    '',
    'plain',
    '$scrypt$ln=99,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAA',
    '$2b$10$abcdefghij',
  ])('refuses the stored text %j without throwing', async (stored) => {
    const hasher = createPasswordHasher({ cost: cheap });
    expect(await hasher.verify('whatever it is', stored)).toEqual({ ok: false, renewed: null });
  });

  it('works as much for an unknown user as for a wrong password', async () => {
    const hasher = createPasswordHasher({ cost: { ...cheap, log2N: 13 } });
    const hash = await hasher.hash('the real one');
    const cost = async (stored: string | null) => {
      const runs: number[] = [];
      for (let i = 0; i < 5; i++) {
        const before = process.cpuUsage();
        await hasher.verify('a wrong one', stored);
        const { user, system } = process.cpuUsage(before);
        runs.push(user + system);
      }
      return Math.min(...runs);
    };
    const [unknown, wrong] = [await cost(null), await cost(hash)];
    expect(unknown / wrong).toBeGreaterThan(0.5);
    expect(unknown / wrong).toBeLessThan(2);
  });

  it('queues so many and refuses the rest as overloaded', async () => {
    const hasher = createPasswordHasher({ cost: cheap, queueLimit: 10 });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => hasher.hash('many at once')));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(9);
    expect(refused.every(({ reason }) => reason.code === 'overloaded')).toBe(true);
    expect(await hasher.hash('and works afterwards')).toContain('$scrypt$');
  });

  it('lets no flood stand in the way of a known device, nor one network’s guesses in another’s', async () => {
    const hasher = createPasswordHasher({ cost: cheap });
    const hash = await hasher.hash('the password');
    const done: string[] = [];
    const flood = Array.from({ length: 300 }, () => hasher.hash('flood').then(() => done.push('new')));
    const guesses = Array.from({ length: 300 }, () =>
      hasher.verify('a guess', hash, { network: '192.0.2.1', isKnown: false }).then(() => done.push('guess')),
    );
    const from = (network: string, isKnown: boolean) =>
      hasher
        .verify('the password', hash, { network, isKnown })
        .then(({ ok }) => done.push(`${network} ${ok}`));
    const logins = [from('elsewhere', false), from('home', true)];
    const results = await Promise.allSettled([...flood, ...guesses, ...logins]);
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(500);
    const earlier = (what: string) => done.slice(0, done.indexOf(what));
    expect(done).toContain('elsewhere true');
    expect(earlier('home true').length).toBeLessThan(20);
    expect(earlier('elsewhere true').filter((what) => what === 'guess').length).toBeLessThan(10);
  });
});
