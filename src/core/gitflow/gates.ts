import { findConfig, parseGitBoolean, type ConfigEntry } from '../git/git.ts';
import { readSize, type Threshold } from '../gatefiles/gatefiles.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { gateNames, type FlowGate, type GateName } from '../../protocol/gates.ts';
import { describeReason, type StageStatus, type StatusDocument } from '../../protocol/pipeline.ts';
import type { Problem } from '../../protocol/problem.ts';

// What must be so before a branch is finished. Facts come in, gates with their words go out; nothing is read or run here.

/** How the gates of a repository are set: git's configuration is a person's, `.mlops/project.yaml` the team's. */
export interface GateSettings {
  readonly isOn: Readonly<Record<GateName, boolean>>;
  /** Most bytes of a file that a branch may add. */
  readonly maxFileSize: number;
  /** Seconds that lint and tests may take, each. */
  readonly timeout: number;
}

const DEFAULT_SIZE = 5 * 1024 * 1024;
const DEFAULT_TIMEOUT = 600;

/**
 * `mlops.gates` (all of them), `mlops.gate.<name>`, `mlops.gate.maxfilesize` (with git's k, m, g) and `mlops.gate.timeout` of git's configuration
 * come before the mapping `gates` of `.mlops/project.yaml`, which has the same names. All gates are on by default.
 */
export function settleGates(config: readonly ConfigEntry[], team: Readonly<Record<string, unknown>>): GateSettings {
  const own = (key: string): string | undefined => findConfig(config, key);
  const flag = (key: string, text: string | undefined): boolean | undefined => {
    if (text === undefined) return undefined;
    const value = parseGitBoolean(text);
    if (value === undefined) throw badInput(`git's setting ${key} is "${text}", which is neither true nor false.`);
    return value;
  };
  const all = flag('mlops.gates', own('mlops.gates'));
  const isOn = gateNames.map((name) => {
    const given = flag(`mlops.gate.${name}`, own(`mlops.gate.${name}`)) ?? all;
    return [name, given ?? team[name] !== false] as const;
  });
  return {
    isOn: Object.fromEntries(isOn) as GateSettings['isOn'],
    maxFileSize: readSize(own('mlops.gate.maxfilesize') ?? team['max_file_size']) ?? DEFAULT_SIZE,
    timeout: readSize(own('mlops.gate.timeout') ?? team['timeout']) ?? DEFAULT_TIMEOUT,
  };
}

/** A gate's words without what most don't have. */
export function toGate(
  name: GateName,
  outcome: FlowGate['outcome'],
  message: string,
  more?: Partial<FlowGate>,
): FlowGate {
  return { name, outcome, message, places: [], look: null, log: null, ...more };
}

/** Stages that have to run. Those that always run, those that are frozen, and those that only DVC can judge are told and pass. */
export function judgePipeline({ stages, problems }: StatusDocument): FlowGate {
  const look = 'mlops status';
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return toGate('pipeline', 'failed', 'The pipeline has mistakes.', { places: errors, look });
  if (stages.length === 0) return toGate('pipeline', 'absent', 'There is no pipeline here.');
  const stale = stages.filter(isStale);
  // What only waits for a stage that always runs is as fresh as it can be.
  const all = stale.length === 0 ? [] : stages.filter((stage) => isStale(stage) || stage.state === 'blocked');
  if (all.length === 0) {
    const left = stages.filter(({ state }) => state === 'needs-dvc').map(({ name }) => name);
    const rest = left.length === 0 ? '' : ` What only DVC can judge: ${left.join(', ')}.`;
    return toGate('pipeline', 'passed', `The pipeline is fresh.${rest}`, { look });
  }
  const places = all.map((stage) => ({ ...atStage(stage), message: `${stage.name}: ${describeStage(stage)}` }));
  const message = `${count(all.length, 'stage is', 'stages are')} not fresh: bring the pipeline up to date with "mlops run" and commit dvc.lock.`;
  return toGate('pipeline', 'failed', message, { places, look });
}

function isStale({ state, reasons }: StageStatus): boolean {
  if (state === 'never-run' || state === 'failed' || state === 'running') return true;
  return state === 'stale' && !(reasons.length > 0 && reasons.every(({ kind }) => kind === 'always'));
}

function describeStage({ state, reasons }: StageStatus): string {
  return state === 'stale' && reasons.length > 0 ? reasons.map(describeReason).join(', ') : state.replace('-', ' ');
}

function atStage({ file, line }: StageStatus): Omit<Problem, 'message'> {
  return { file, line, column: 1, severity: 'error' };
}

/** Data that `.dvc` files track must be as they say. */
export function judgeData({ data }: StatusDocument): FlowGate {
  if (data.length === 0) return toGate('data', 'absent', 'No data is tracked by .dvc files.');
  const changed = data.filter(({ state }) => state !== 'fresh' && state !== 'frozen' && state !== 'needs-dvc');
  if (changed.length === 0) return toGate('data', 'passed', 'The tracked data is as it was recorded.');
  const places = changed.map(({ path, reasons }): Problem => {
    const message = reasons.length === 0 ? 'is not as it was recorded' : reasons.map(describeReason).join(', ');
    return { file: path, line: 1, column: 1, severity: 'error', message };
  });
  const message = `${count(changed.length, 'data file is', 'data files are')} not as recorded: keep the change with "mlops data add", or take it back with "mlops data checkout".`;
  return toGate('data', 'failed', message, { places, look: 'mlops data status' });
}

/** Thresholds against the numbers of the metrics files, as `cnnbased.test_accuracy`, or `test_accuracy` alone. */
export function judgePerformance(
  thresholds: readonly Threshold[],
  problems: readonly Problem[],
  metrics: ReadonlyMap<string, number>,
): FlowGate {
  if (thresholds.length === 0 && problems.length === 0)
    return toGate('performance', 'absent', 'There are no thresholds in tests/*.checks.yaml.');
  const missed = thresholds.flatMap((threshold): readonly Problem[] => {
    const { model, metric, place } = threshold;
    const message = findMiss(threshold, metrics.get(`${model}.${metric}`) ?? metrics.get(metric));
    return message === undefined ? [] : [{ ...place, message: `${model}: ${message}` }];
  });
  const places = [...problems, ...missed];
  const look = 'mlops runs list --store git:';
  return places.length === 0
    ? toGate('performance', 'passed', `${count(thresholds.length, 'threshold is', 'thresholds are')} reached.`, {
        look,
      })
    : toGate(
        'performance',
        'failed',
        `${places.length} of ${count(thresholds.length + problems.length, 'threshold', 'thresholds')} not reached.`,
        { places, look },
      );
}

function findMiss({ metric, min, max }: Threshold, value: number | undefined): string | undefined {
  if (value === undefined) return `no metrics file has ${metric}`;
  if (Number.isNaN(value)) return `${metric} is NaN`;
  if (min !== null && value < min) return `${metric} is ${value}, at least ${min} is wanted`;
  return max !== null && value > max ? `${metric} is ${value}, at most ${max} is wanted` : undefined;
}

/** How a program of the project has ended. */
export interface ProgramEnd {
  readonly command: string;
  readonly how: 'succeeded' | 'failed' | 'timed-out' | 'not-started';
  /** As "exit code 2". */
  readonly reason: string;
  /** Seconds. */
  readonly timeout: number;
  readonly log: string | null;
}

export function judgeProgram(name: 'lint' | 'tests', { command, how, reason, timeout, log }: ProgramEnd): FlowGate {
  const sentences: Readonly<Record<ProgramEnd['how'], string>> = {
    'succeeded': `"${command}" passed.`,
    'failed': `"${command}" failed (${reason}).`,
    'timed-out': `"${command}" took longer than ${timeout} s and was ended; mlops.gate.timeout allows more.`,
    'not-started': `"${command}" could not be started: ${reason}.`,
  };
  return toGate(name, how === 'succeeded' ? 'passed' : 'failed', sentences[how], { look: command, log });
}

/** Programs that a project has for a gate: npm's script first, then make's target, then pytest. */
export function findProgram(
  name: 'lint' | 'tests',
  { packageJson, makefile, hasPytest }: ProjectFiles,
): readonly [command: string, ...args: string[]] | undefined {
  const script = name === 'lint' ? 'lint' : 'test';
  const text = readScript(packageJson, script);
  // What npm itself writes where there are no tests.
  if (text?.includes('no test specified') === false) return ['npm', 'run', '--silent', script];
  const hasTarget = makefile !== undefined && new RegExp(`^${script}\\s*:(?!=)`, 'm').test(makefile);
  if (hasTarget) return ['make', script];
  return name === 'tests' && hasPytest ? ['pytest', '-q'] : undefined;
}

export interface ProjectFiles {
  readonly packageJson: string | undefined;
  readonly makefile: string | undefined;
  /** pytest is set up here, or there are tests by its names. */
  readonly hasPytest: boolean;
}

function readScript(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  try {
    const { scripts } = JSON.parse(text) as { scripts?: Record<string, unknown> };
    const script = scripts?.[name];
    return typeof script === 'string' && script.trim() !== '' ? script : undefined;
  } catch {
    // A package.json that npm can't read has no scripts either; the pipeline's own readers complain of it.
    return undefined;
  }
}

/** Gates that stand in the way. */
export function listFailed(gates: readonly FlowGate[]): readonly GateName[] {
  return gates.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
}

/** Throws `gate-failed` with every place, unless somebody has given a reason to go on. */
export function requireGates(gates: readonly FlowGate[], command: string, override: string | undefined): void {
  const failed = gates.filter(({ outcome }) => outcome === 'failed');
  if (override?.trim() === '')
    throw new ExpectedError('bad-arguments', 'An override needs its reason: --override "REASON".');
  if (failed.length === 0 || override !== undefined) return;
  const lines = failed.map(({ name, message, look, log }) => {
    const ways = [...(look === null ? [] : [look]), ...(log === null ? [] : [log])];
    return `  ${name}: ${message}${ways.length === 0 ? '' : ` Look: ${ways.join(', ')}`}`;
  });
  throw new ExpectedError(
    'gate-failed',
    [
      `${count(failed.length, 'gate keeps', 'gates keep')} "mlops ${command}" back:`,
      ...lines,
      'Mend this, or go on all the same with --override "REASON": the reason goes into the merge message.',
    ].join('\n'),
    failed.flatMap(({ places }) => places),
  );
}

/** The trailer of the merge message that says which gates did not hold, and why somebody went on. */
export function toOverrideTrailer(failed: readonly GateName[], reason: string | undefined): string | undefined {
  if (failed.length === 0 || reason === undefined) return undefined;
  return `Gate-Override: ${failed.join(', ')}: ${reason.trim().replace(/\s+/gu, ' ')}`;
}

function count(number: number, one: string, more: string): string {
  return `${number} ${number === 1 ? one : more}`;
}
