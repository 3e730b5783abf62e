import { expect, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { describeDatabases } from './contract.ts';

describeDatabases('placements', (database) => {
  const placements = () => database().repositories.placements;

  it('keep a project where it was first placed', async () => {
    const projectId = newId();
    expect(await placements().get(projectId)).toBeNull();
    expect(await placements().put(projectId, 'http://a')).toBe('http://a');
    expect(await placements().put(projectId, 'http://b')).toBe('http://a');
    expect(await placements().get(projectId)).toBe('http://a');
  });

  it('agree on one host when several place a project at once', async () => {
    const projectId = newId();
    const hosts = ['http://a', 'http://b', 'http://c', 'http://d'];
    const told = await Promise.all(hosts.map((host) => placements().put(projectId, host)));
    expect(new Set(told).size).toBe(1);
    expect(await placements().get(projectId)).toBe(told[0]);
  });

  it('are forgotten with the workspace', async () => {
    const projectId = newId();
    await placements().put(projectId, 'http://a');
    await placements().remove(projectId);
    await placements().remove(projectId);
    expect(await placements().put(projectId, 'http://b')).toBe('http://b');
  });
});
