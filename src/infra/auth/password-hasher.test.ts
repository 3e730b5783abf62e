import { describe, expect, it } from 'vitest';
import { createPasswordHasher } from './password-hasher.ts';

const cheap = { log2N: 10, r: 8, p: 1 };

describe('password hasher', () => {
  it('writes PHC text with the parameters of OWASP and accepts the password again', async () => {
    const hasher = createPasswordHasher();
    const hash = await hasher.hash('correct horse battery');
    expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await hasher.verify('correct horse battery', hash)).toEqual({ ok: true, outdated: false });
    expect(await hasher.verify('correct horse batterz', hash)).toEqual({ ok: false, outdated: false });
  });

  it('reports a hash of other parameters as outdated', async () => {
    const hash = await createPasswordHasher({ cost: cheap }).hash('a password');
    const hasher = createPasswordHasher({ cost: { ...cheap, p: 2 } });
    expect(await hasher.verify('a password', hash)).toEqual({ ok: true, outdated: true });
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
    expect(await hasher.verify('whatever it is', stored)).toEqual({ ok: false, outdated: false });
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

  it('runs two at once, queues fifty and refuses the rest as overloaded', async () => {
    const hasher = createPasswordHasher({ cost: cheap });
    const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => hasher.hash('many at once')));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(8);
    expect(refused.every(({ reason }) => reason.code === 'overloaded')).toBe(true);
    expect(await hasher.hash('and works afterwards')).toContain('$scrypt$');
  });
});
