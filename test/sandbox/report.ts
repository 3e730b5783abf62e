import { afterAll } from 'vitest';

export interface Report {
  /** Runs one attempt and notes how it went. */
  attempt(item: string, title: string, body: () => Promise<void>): () => Promise<void>;
}

/** Collects the attempts of a file and prints them as a table at its end. */
export function createReport(heading: string): Report {
  const rows: { item: string; title: string; passed: boolean }[] = [];
  afterAll(() => {
    const lines = rows.map((row) => `${row.passed ? 'PASS' : 'FAIL'}  ${row.item.padEnd(4)} ${row.title}`);
    process.stdout.write(`\n${heading}\n${lines.join('\n')}\n\n`);
  });
  return {
    attempt: (item, title, body) => async () => {
      const row = { item, title, passed: false };
      rows.push(row);
      await body();
      row.passed = true;
    },
  };
}
