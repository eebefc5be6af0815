import { exitCodes } from '../../protocol/errors.ts';
import { takePositionals, type Command } from '../commandline/commandline.ts';
import { syncProject, type SyncedRun } from './tracking.ts';

export const syncCommand: Command = {
  words: ['stores', 'sync'],
  summary: 'send what runs could not bring to their MLflow server; --dry-run only lists it',
  positionals: '',
  example: 'mlops stores sync',
  options: {},
  run: async (invocation) => {
    takePositionals(invocation, syncCommand);
    const { options, env, output, signal } = invocation;
    const dryRun = options.flag('dry-run');
    const servers = await syncProject(await invocation.project(), { env, signal, dryRun });
    output.result({ servers }, () => {
      const lines = servers.flatMap(({ server, runs }) => runs.map((run) => describe(run, server, dryRun)));
      return lines.length === 0 ? 'Nothing waits for a server.' : lines.join('\n');
    });
    const isLeft = servers.some(({ runs }) => runs.some(({ state }) => state === 'waiting'));
    return isLeft && !dryRun ? exitCodes.failed : exitCodes.done;
  },
};

function describe({ runId, name, state, message }: SyncedRun, server: string, isDryRun: boolean): string {
  const words = {
    sent: `sent to ${server}`,
    live: 'goes on: its own process sends it',
    lost: `${isDryRun ? 'waits for' : 'sent as far as it goes to'} ${server}; its process is gone, "mlops runs repair" ends it`,
    waiting: `waits for ${server}`,
  } as const satisfies Record<SyncedRun['state'], string>;
  return `${runId.slice(0, 8)}  ${name}: ${words[state]}${message === null ? '' : `. ${message}`}`;
}
