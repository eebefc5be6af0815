import { noteTag, type RunEdit, type RunSummary } from '../../protocol/tracking.ts';
import { exitCodes } from '../../protocol/errors.ts';
import { parseTag, takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { openStoreOf, storeOption } from './chosenstore.ts';
import type { RunStore } from './store.ts';

// Commands with which a person changes what is kept of a run.

type Edited = Pick<RunSummary, 'runId' | 'name'>;

/** What a command changes, and the sentence that tells it. */
interface Change {
  readonly edit: RunEdit;
  readonly told: (run: Edited) => string;
}

interface EditSpec {
  readonly word: string;
  readonly summary: string;
  readonly positionals: string;
  readonly example: string;
  /** Default: among the runs that are listed. */
  readonly find?: (store: RunStore, text: string) => Promise<Edited>;
  /** From what stands behind the run. */
  readonly toChange: (rest: readonly string[]) => Change;
}

const specs: readonly EditSpec[] = [
  {
    word: 'rename',
    summary: 'give a run another name',
    positionals: 'RUN NAME',
    example: 'mlops runs rename @best champion',
    toChange: ([name = '']) => ({ edit: { name }, told: (run) => `${run.name} is now called ${name}.` }),
  },
  {
    word: 'note',
    summary: 'write a note on a run (Markdown, as MLflow shows it); an empty one removes it',
    positionals: 'RUN TEXT',
    example: 'mlops runs note @last "first with augmentation"',
    toChange: ([text = '']) => ({
      edit: { tags: { [noteTag]: text === '' ? null : text } },
      told: (run) => `${run.name} has ${text === '' ? 'no note' : 'the note'}.`,
    }),
  },
  {
    word: 'tag',
    summary: 'set tags of a run; NAME= removes one',
    positionals: 'RUN NAME=VALUE…',
    example: 'mlops runs tag @best reviewed=yes',
    toChange: (pairs) => {
      const tags = Object.fromEntries(pairs.map(parseTag));
      return { edit: { tags }, told: (run) => `${run.name}: ${Object.keys(tags).join(', ')}.` };
    },
  },
  {
    word: 'delete',
    summary: 'no longer list a run; its files stay, and "runs restore" brings it back',
    positionals: 'RUN',
    example: 'mlops runs delete 4f2a',
    toChange: () => ({
      edit: { isDeleted: true },
      told: (run) => `${run.name} is deleted. "mlops runs restore ${run.runId.slice(0, 8)}" brings it back.`,
    }),
  },
  {
    word: 'restore',
    summary: 'list a deleted run again',
    positionals: 'RUN',
    example: 'mlops runs restore 4f2a',
    find: (store, text) => store.findDeletedRun(text),
    toChange: () => ({ edit: { isDeleted: false }, told: (run) => `${run.name} is back.` }),
  },
];

function toCommand(spec: EditSpec): Command {
  const { word, summary, positionals, example } = spec;
  const command: Command = {
    ...{ words: ['runs', word], summary, positionals, example, options: { store: storeOption } },
    run: (invocation) => perform(invocation, takePositionals(invocation, command), spec),
  };
  return command;
}

async function perform(
  invocation: Invocation,
  [text = '', ...rest]: readonly string[],
  { find = (store, name) => store.findRun(name), toChange }: EditSpec,
): Promise<number> {
  const { edit, told } = toChange(rest);
  const store = await openStoreOf(invocation);
  const { runId, name } = await find(store, text);
  const { output, options } = invocation;
  const isDryRun = options.flag('dry-run');
  if (!isDryRun) await store.editRun(runId, edit);
  output.result({ runId, ...edit }, () =>
    isDryRun ? `Would change ${name} (${runId.slice(0, 8)}).` : told({ runId, name }),
  );
  return exitCodes.done;
}

export const editCommands: readonly Command[] = specs.map(toCommand);
