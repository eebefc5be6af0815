import { chooseWheel, compareVersions, type Machine } from './wheels.ts';
import type { IndexFile } from './simpleindex.ts';

/** One `Requires-Dist` of a wheel. */
export interface Requirement {
  readonly project: string;
  readonly conditions: readonly { readonly operator: string; readonly version: string }[];
}

/** Requirements of an extra (as `and-cuda`) in the METADATA of a wheel. */
export function parseRequirements(metadata: string, extra: string): readonly Requirement[] {
  return metadata.split(/\r?\n/).flatMap((line) => {
    const match = /^Requires-Dist:\s*([\w.-]+)\s*\(?([^;)]*)\)?\s*;\s*(.*)$/.exec(line);
    const [, project, conditions = '', marker = ''] = match ?? [];
    if (project === undefined || !new RegExp(`\\bextra\\s*==\\s*["']${extra}["']`).test(marker)) return [];
    return [{ project: project.toLowerCase().replaceAll(/[_.]+/g, '-'), conditions: parseConditions(conditions) }];
  });
}

function parseConditions(text: string): Requirement['conditions'] {
  return [...text.matchAll(/(~=|[=!<>]=|[<>])\s*([\w.*+]+)/g)].map(([, operator = '', version = '']) => ({
    operator,
    version,
  }));
}

const comparisons: Readonly<Record<string, (version: string, limit: string) => boolean>> = {
  '==': (version, limit) => matches(version, limit),
  '!=': (version, limit) => !matches(version, limit),
  '>=': (version, limit) => compareVersions(version, limit) >= 0,
  '<=': (version, limit) => compareVersions(version, limit) <= 0,
  '>': (version, limit) => compareVersions(version, limit) > 0,
  '<': (version, limit) => compareVersions(version, limit) < 0,
  '~=': (version, limit) => compareVersions(version, limit) >= 0 && matches(version, `${withoutLast(limit)}.*`),
};

function matches(version: string, pattern: string): boolean {
  return pattern.endsWith('.*')
    ? `${version}.`.startsWith(pattern.slice(0, -1))
    : compareVersions(version, pattern) === 0;
}

const withoutLast = (version: string): string => version.split('.').slice(0, -1).join('.');

/** The newest file that satisfies every condition. */
export function chooseRequirement(
  { conditions }: Requirement,
  files: readonly IndexFile[],
  machine: Machine,
): IndexFile | undefined {
  return chooseWheel(files, machine, (version) =>
    conditions.every(({ operator, version: limit }) => comparisons[operator]?.(version, limit) === true),
  );
}
