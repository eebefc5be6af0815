import path from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import {
  ExpectedError,
  describeError,
  exitCodes,
  toErrorDocument,
  unknownName,
  type ErrorDocument,
} from '../../protocol/errors.ts';
import { findNearest } from '../../core/names/names.ts';
import { diskError } from '../files/files.ts';
import { findProject, requireProject, type Project } from '../project/project.ts';
import { SettingsNotice } from '../settingsnotice/settingsnotice.ts';
import type { Installation } from '../installation/installation.ts';
import { createOutput, type Output, type Streams } from './output.ts';

export { outliveReaders, type Output } from './output.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** Name of the value in the help, as `FILE`. */
  readonly value?: string;
  readonly summary: string;
}

/** One command of `mlops`. Adding a command is adding a row to its capability's `commands.ts`. */
export interface Command {
  /** Words behind `mlops`, as ['flow', 'feature', 'start']. */
  readonly words: readonly string[];
  readonly summary: string;
  /** Positional arguments as the help shows them, as 'NAME [BASE]'. */
  readonly positionals: string;
  readonly example: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** True: arguments from the first positional on are passed on unread (`exec FILE ARG…`). */
  readonly passThrough?: boolean;
  /** True: it answers, but no list shows it (what is not supported yet, and says so). */
  readonly hidden?: boolean;
  /** Does the work and gives the exit code; failures are thrown. */
  readonly run: (invocation: Invocation) => Promise<number>;
}

export interface Invocation {
  readonly positionals: readonly string[];
  readonly options: Options;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly installation: Installation;
  readonly output: Output;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** The project of --project or of the working folder; throws `not-a-project`. */
  project(): Promise<Project>;
  findProject(): Promise<Project | undefined>;
}

/** Values of the flags: one per spec, absent when not given. */
class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? (value as string[]) : [];
  }

  /** A whole number of at least `minimum`; anything else is wrong use. */
  integer(name: string, minimum: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < minimum)
      throw badArguments(`--${name} takes a whole number of at least ${minimum}, not "${text}".`);
    return value;
  }
}

const commonOptions: Readonly<Record<string, OptionSpec>> = {
  'project': { type: 'string', value: 'DIR', summary: 'the project (default: nearest parent with .dvc/ or dvc.yaml)' },
  'json': { type: 'boolean', summary: 'one JSON document on stdout' },
  'dry-run': { type: 'boolean', summary: 'print the plan, do nothing' },
  'yes': { type: 'boolean', summary: 'ask no questions' },
  'quiet': { type: 'boolean', summary: 'errors only on stderr' },
  'no-color': { type: 'boolean', summary: 'no colours (also NO_COLOR)' },
  'help': { type: 'boolean', summary: 'this help' },
};

/** A group of commands that is loaded only when one of its first words is used, so that `mlops --version` stays quick. */
export interface CommandGroup {
  readonly firstWords: readonly string[];
  readonly load: () => Promise<readonly Command[]>;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly streams: Streams;
  readonly signal: AbortSignal;
  readonly installation: Installation;
  /** An editor shows in a terminal what is printed into its log file. */
  readonly isFollowed?: boolean;
}

/** Runs one command line and gives its exit code; never throws. */
export async function runCommandLine(
  argv: readonly string[],
  groups: readonly CommandGroup[],
  surroundings: Surroundings,
): Promise<number> {
  const wantsJson = argv.includes('--json');
  const isQuiet = argv.includes('--quiet');
  const output = createOutput(surroundings.streams, {
    json: wantsJson,
    quiet: isQuiet,
    color: !argv.includes('--no-color') && surroundings.env['NO_COLOR'] === undefined,
    isFollowed: surroundings.isFollowed === true,
  });
  const settings = isQuiet ? undefined : new SettingsNotice((text) => output.note(text));
  try {
    const code = await dispatch(argv, groups, { ...surroundings, settings }, output);
    output.finish();
    return code;
  } catch (error) {
    return report(toTold(error, surroundings.signal), output, settings);
  }
}

async function dispatch(
  argv: readonly string[],
  groups: readonly CommandGroup[],
  surroundings: Surroundings & { readonly settings: SettingsNotice | undefined },
  output: Output,
): Promise<number> {
  const [first] = argv;
  if (first === '--version')
    return print(output, surroundings.installation.version, { version: surroundings.installation.version });
  if (first === undefined || first === '--help' || first === 'help') return print(output, await formatOverview(groups));
  const group = groups.find((candidate) => candidate.firstWords.includes(first));
  if (first.startsWith('-'))
    throw badArguments(`Options stand behind the command, as in "mlops status --json"; "${first}" stands before it.`);
  if (group === undefined)
    throw unknownCommand(
      first,
      groups.flatMap((candidate) => candidate.firstWords),
    );
  const commands = await group.load();
  const command = findCommand(commands, argv);
  if (command === undefined) return explainGroup(argv, commands, output);
  const rest = argv.slice(command.words.length);
  const { positionals, values } = parseCommand(command, rest);
  if (values['help'] === true) return print(output, formatHelp(command));
  const start =
    typeof values['project'] === 'string' ? path.resolve(surroundings.cwd, values['project']) : surroundings.cwd;
  const look = async <T extends Project | undefined>(project: T): Promise<T> => {
    if (project !== undefined) await surroundings.settings?.look(project);
    return project;
  };
  return command.run({
    positionals,
    options: new Options(values),
    cwd: surroundings.cwd,
    env: surroundings.env,
    installation: surroundings.installation,
    output,
    signal: surroundings.signal,
    project: async () => look(await requireProject(start)),
    findProject: async () => look(await findProject(start)),
  });
}

function findCommand(commands: readonly Command[], argv: readonly string[]): Command | undefined {
  return commands
    .filter(({ words }) => words.every((word, index) => argv[index] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
}

function explainGroup(argv: readonly string[], commands: readonly Command[], output: Output): number {
  const [first = '', second] = argv;
  const listed = commands.filter(({ words, hidden }) => words[0] === first && hidden !== true);
  if (second === undefined || second === '--help') {
    const usage = listed.map((command) => `  ${usageOf(command)}`);
    return print(output, ['Usage:', ...usage].join('\n'));
  }
  const names = listed.map(({ words }) => words.join(' '));
  const given = argv.filter((word) => !word.startsWith('-')).join(' ');
  throw unknownCommand(given, names);
}

function parseCommand(
  command: Command,
  args: readonly string[],
): { positionals: string[]; values: Record<string, unknown> } {
  const specs = { ...commonOptions, ...command.options };
  const boundary = command.passThrough === true ? args.findIndex((arg) => !arg.startsWith('-')) : -1;
  const own = boundary === -1 ? args : args.slice(0, boundary);
  const passed = boundary === -1 ? [] : args.slice(boundary);
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type, multiple }] of Object.entries(specs))
    options[name] = { type, ...(multiple === true ? { multiple: true } : {}) };
  try {
    const { positionals, values } = parseArgs({ args: [...own], options, allowPositionals: true, strict: true });
    return { positionals: [...positionals, ...passed], values };
  } catch (error) {
    throw badArguments(`${error instanceof Error ? error.message : String(error)} Usage: ${usageOf(command)}`);
  }
}

/** Wrong use, unlike the unknown name of something that a project has. */
function unknownCommand(given: string, known: readonly string[]): ExpectedError {
  return badArguments(unknownName('command', given, findNearest(given, known)).message);
}

export function badArguments(message: string): ExpectedError {
  return new ExpectedError('bad-arguments', message);
}

/** Takes exactly the positional arguments that `names` lists ('NAME', '[BASE]', 'IMAGE…'), or throws wrong use. */
export function takePositionals(
  invocation: Invocation,
  command: Pick<Command, 'words' | 'positionals'>,
): readonly string[] {
  const names = command.positionals.split(' ').filter((name) => name !== '');
  const required = names.filter((name) => !name.startsWith('[')).length;
  const endless = names.some((name) => name.includes('…'));
  const { length } = invocation.positionals;
  if (length < required || (length > names.length && !endless))
    throw badArguments(`Usage: mlops ${command.words.join(' ')} ${command.positionals}`.trimEnd());
  return invocation.positionals;
}

/** `NAME=VALUE` of a tag; without a value the tag is to go (null). */
export function parseTag(pair: string): readonly [string, string | null] {
  const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  if (name === undefined) throw badArguments(`"${pair}" is no tag: write NAME=VALUE.`);
  return [name, value === '' ? null : value];
}

function usageOf(command: Command): string {
  return `mlops ${[...command.words, command.positionals].join(' ')}`.trimEnd();
}

function formatHelp(command: Command): string {
  const rows = Object.entries({ ...command.options, ...commonOptions }).map(
    ([name, { value, summary }]) => [`--${name}${value === undefined ? '' : ` ${value}`}`, summary] as const,
  );
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [
    `Usage: ${usageOf(command)}`,
    '',
    command.summary,
    '',
    `Example: ${command.example}`,
    '',
    'Options:',
    ...rows.map(([flag, summary]) => `  ${flag.padEnd(width)}  ${summary}`),
  ].join('\n');
}

async function formatOverview(groups: readonly CommandGroup[]): Promise<string> {
  const commands = (await Promise.all(groups.map(({ load }) => load()))).flat().filter(({ hidden }) => hidden !== true);
  const width = Math.max(...commands.map((command) => usageOf(command).length));
  return [
    'MLOps Workflow: structure, pipeline, training, tracking and releases of a machine-learning project.',
    '',
    ...commands.map((command) => `  ${usageOf(command).padEnd(width)}  ${command.summary}`),
    '',
    '"mlops COMMAND --help" shows its options and an example.',
  ].join('\n');
}

function print(output: Output, text: string, document: unknown = { text }): number {
  output.result(document, () => text);
  return exitCodes.done;
}

/**
 * What people are told of an error. Work that was given up because the user stopped it throws what its signal says, or an AbortError
 * of Node's: no failure of its own. What a disk refuses is no bug wherever it comes up.
 */
function toTold(error: unknown, signal: AbortSignal): unknown {
  const isGivenUp = error === signal.reason || (error instanceof Error && error.name === 'AbortError');
  if (signal.aborted && isGivenUp) return new ExpectedError('stopped', 'Stopped.');
  return error instanceof Error && 'path' in error ? diskError(error, String(error.path)) : error;
}

function report(error: unknown, output: Output, settings: SettingsNotice | undefined): number {
  if (error instanceof ExpectedError) {
    const problems = error.problems.filter((problem) => settings?.isNew(problem) !== false);
    const text = describeError(new ExpectedError(error.code, error.message, problems));
    output.failure(withoutStack(toErrorDocument(error)), text);
    return error.exitCode;
  }
  const document = toErrorDocument(error);
  output.failure(
    document,
    `This is a bug in mlops. Please report it with the lines below.\n${document.stack ?? document.message}`,
  );
  return exitCodes.bug;
}

function withoutStack({ code, message, problems }: ErrorDocument): ErrorDocument {
  return { code, message, problems };
}
