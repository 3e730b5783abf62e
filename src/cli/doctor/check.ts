/** What was looked at, how it is, and what to install or change. */
export interface Check {
  name: string;
  ok: boolean;
  /** Whether the configured servers do without it. */
  needed: boolean;
  detail: string;
}

export function well(name: string, detail: string): Check {
  return { name, ok: true, needed: true, detail };
}

export function broken(name: string, detail: string): Check {
  return { name, ok: false, needed: true, detail };
}

/** Something is missing that the servers do without. */
export function lacking(name: string, detail: string): Check {
  return { name, ok: false, needed: false, detail };
}

const NAME_WIDTH = 18;

/** One line for each check, and one for all. */
export function formatChecks(checks: readonly Check[]): string {
  const lines = checks.map(
    ({ ok, needed, name, detail }) =>
      `${ok ? '✓' : '✗'} ${name.padEnd(NAME_WIDTH)} ${oneLine(detail)}${ok || needed ? '' : ' (optional)'}`,
  );
  const faults = checks.filter(({ ok, needed }) => !ok && needed).length;
  const verdict = faults === 0 ? 'everything that is needed is there' : `${faults} to be mended`;
  return `${[...lines, verdict].join('\n')}\n`;
}

export function isWell(checks: readonly Check[]): boolean {
  return checks.every(({ ok, needed }) => ok || !needed);
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, '; ').trim();
}
