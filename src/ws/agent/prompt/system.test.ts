import { expect, test } from 'vitest';
import type { MachineFacts } from './machine.ts';
import { momentOf, systemPrompt } from './system.ts';

const MACHINE: MachineFacts = {
  network: { mode: 'none', allow: [] },
  memoryMb: 2048,
  workspaceMb: 512,
  processes: 256,
  turnSeconds: 1800,
};
const FACTS = { contextFiles: [], toolchain: [] };
const prompt = (changes: Partial<MachineFacts> = {}, isolated = true) =>
  systemPrompt({ facts: FACTS, machine: { ...MACHINE, ...changes }, isolated });

test('the machine is told of as it is configured', () => {
  expect(prompt()).toContain('Limits: memory 2 GiB, files 512 MiB, 256 processes, a turn 30 minutes.');
  expect(prompt()).toContain('nothing can be downloaded');
  expect(prompt({ network: { mode: 'open', allow: [] } })).toContain('Network: the internet.');
  const allow = Array.from({ length: 22 }, (_, at) => `h${at}:443`);
  expect(prompt({ network: { mode: 'allowlist', allow } })).toMatch(/alone: h0:443, .*h19:443, and 2 more\./);
});

test('without isolation nothing is said of a sandbox', () => {
  expect(prompt({}, false)).toContain('each one is put to the user');
  expect(prompt({}, false)).not.toContain('sandbox');
});

test('versions that the project asks for are hints of one line', () => {
  const facts = { contextFiles: [], toolchain: ['node 20 (.nvmrc)', 'go 1.22 (go.mod)'] };
  expect(systemPrompt({ facts, machine: MACHINE, isolated: true })).toContain(
    '\nVersions that the project asks for: node 20 (.nvmrc), go 1.22 (go.mod)\n',
  );
});

test('what changes from turn to turn is no part of it', () => {
  const moment = momentOf({ git: 'Branch: main' }, new Date(2026, 0, 2));
  expect(moment).toBe(
    '<system_reminder>As this turn began:\nDate: 1/2/2026\nGit repository: yes\nBranch: main\n</system_reminder>',
  );
  expect(prompt()).not.toMatch(/Date:|Branch/);
});
