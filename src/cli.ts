import path from 'node:path';
import { outliveReaders, runCommandLine, type Command, type CommandGroup } from './node/commandline/commandline.ts';
import { createInstallation } from './node/installation/installation.ts';
import { takeExitFile, writeExitFile } from './node/exitfile/exitfile.ts';
import { version } from '../package.json';

/** Longer than the five seconds in which work is stopped. */
const ORDERLY_MS = 7000;

// Composition root of the command line: which capability answers which first word. Each group is evaluated only when used.
const groups: readonly CommandGroup[] = [
  { firstWords: ['new'], load: async () => (await import('./node/scaffold/commands.ts')).commands },
  { firstWords: ['status', 'run', 'dag'], load: async () => (await import('./node/pipeline/commands.ts')).commands },
  { firstWords: ['stage'], load: async () => (await import('./node/addstage/commands.ts')).commands },
  { firstWords: ['data'], load: async () => (await import('./node/data/commands.ts')).commands },
  {
    firstWords: ['train', 'exec', 'predict'],
    load: async () => (await import('./node/training/commands.ts')).commands,
  },
  { firstWords: ['models'], load: async () => (await import('./node/models/commands.ts')).commands },
  { firstWords: ['sweep'], load: async () => (await import('./node/sweep/commands.ts')).commands },
  { firstWords: ['backends'], load: async () => (await import('./node/backends/commands.ts')).commands },
  { firstWords: ['plots'], load: async () => (await import('./node/plots/commands.ts')).commands },
  { firstWords: ['runs', 'stores'], load: loadRunsCommands },
  { firstWords: ['flow'], load: async () => (await import('./node/gitflow/commands.ts')).commands },
];

/** Those that train, that look into answers, and reports, are capabilities of their own. */
async function loadRunsCommands(): Promise<readonly Command[]> {
  const groups = await Promise.all([
    import('./node/tracking/commands.ts'),
    import('./node/reproduce/commands.ts'),
    import('./node/classification/commands.ts'),
    import('./node/report/commands.ts'),
  ]);
  return groups.flatMap(({ commands }) => commands);
}

const exitFile = takeExitFile(process.env);
outliveReaders(process);
const abort = new AbortController();
let stoppedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));

/** The first signal stops the work in an orderly way, which takes seconds; one that comes when that should be over ends the process. */
function stop(signal: NodeJS.Signals): void {
  if (abort.signal.aborted && Date.now() - stoppedAt > ORDERLY_MS) process.exit(130);
  if (!abort.signal.aborted) stoppedAt = Date.now();
  abort.abort(signal);
}

/** A folder that was removed meanwhile has no path; the nearest that there is makes a sentence of it. */
function findCwd(): string {
  try {
    return process.cwd();
  } catch {
    process.stderr.write(
      'The working folder is not there any more. Change to another one, or name a project with --project.\n',
    );
    return path.parse(process.execPath).root;
  }
}

void runCommandLine(process.argv.slice(2), groups, {
  cwd: findCwd(),
  env: process.env,
  streams: process,
  signal: abort.signal,
  installation: createInstallation(__dirname, version),
  isFollowed: exitFile !== undefined,
}).then((code) => {
  process.exitCode = code;
  if (exitFile !== undefined) writeExitFile(exitFile, code);
});
