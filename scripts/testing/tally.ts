import path from 'node:path';
import { root } from '../places.ts';

/** How many tests of a layer ended how. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** A line for each failure that has a name: where, what and why. They stand at the end, where a long log is read first. */
  readonly failures: readonly string[];
}

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] };

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, { passed, failed, skipped, failures }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
      failures: [...sum.failures, ...failures],
    }),
    nothing,
  );
}

/** The last line of `npm test`, which .ci/run reads as well. */
export function formatTally({ passed, failed, skipped }: Omit<Tally, 'failures'>): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** What vitest's JSON reporter writes, as far as it is counted here. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly VitestFile[];
}

interface VitestFile {
  readonly name: string;
  readonly status: string;
  /** Why the file could not be loaded, else empty. */
  readonly message?: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName?: string;
    readonly failureMessages?: readonly string[];
  }[];
}

const OUTSIDE = 'an error outside of any test: "Unhandled Errors" above';

/** Counts a vitest report. A file that could not be loaded, or an error outside of any test, is a failure too. */
export function countVitest(report: VitestReport, exitCode: number): Tally {
  const failed = report.numFailedTests + report.testResults.filter(isBroken).length;
  const isOutside = failed === 0 && exitCode !== 0;
  return {
    passed: report.numPassedTests,
    failed: isOutside ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: isOutside ? [OUTSIDE] : report.testResults.flatMap(nameFailures),
  };
}

function isBroken({ status, assertionResults }: VitestFile): boolean {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}

function nameFailures(file: VitestFile): string[] {
  if (isBroken(file)) return [nameFailure(file.name, 'could not be loaded', file.message)];
  return file.assertionResults
    .filter(({ status }) => status === 'failed')
    .map(({ fullName = '', failureMessages = [] }) => nameFailure(file.name, fullName, failureMessages[0]));
}

/** One line: the file, the test in it and the first line of the reason. */
function nameFailure(file: string, test: string, why = ''): string {
  const reason = why.split('\n', 1)[0]?.trim() ?? '';
  return `${path.relative(root, file)} › ${test}${reason === '' ? '' : `: ${reason}`}`;
}
