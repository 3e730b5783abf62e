import type { Reporter, TestModule } from 'vitest/node';

/** Ends the output with one line that scripts can read. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 };
    for (const testModule of modules) {
      if (testModule.children.size === 0 && testModule.state() === 'failed') count.failed += 1;
      for (const test of testModule.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed' || state === 'skipped') count[state] += 1;
        if (state === 'skipped') process.stdout.write(`skipped: ${test.fullName}\n`);
      }
    }
    process.stdout.write(`\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
  }
}
