import { exitCodes } from '../../protocol/errors.ts';
import type { StoreChange, StoreRow } from '../../protocol/tracking.ts';
import { takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { chooseStores, storeOption } from './chosenstore.ts';
import { syncCommand } from './synccommand.ts';
import { addStore, listStores, removeStore } from './tracking.ts';

const listCommand: Command = {
  words: ['stores', 'list'],
  summary: 'tracking stores: where each is named, what can be done in it, how many runs it has',
  positionals: '',
  example: 'mlops stores list',
  options: { store: storeOption },
  run: async (invocation) => {
    takePositionals(invocation, listCommand);
    const { output } = invocation;
    const list = await listStores(await chooseStores(invocation));
    output.result(list, () =>
      output.table({ columns: ['STORE', 'KIND', 'CAN', 'RUNS', 'NAMED BY', 'PROBLEM'], rows: list.stores.map(toRow) }),
    );
    for (const notice of list.notices) output.note(notice);
    return exitCodes.done;
  },
};

function toRow({ label, uri, kind, abilities, runs, source, isDefault, problem }: StoreRow): readonly string[] {
  const named = source === 'found' ? 'found in the folder' : source;
  const can = [abilities.logs ? 'log' : '', abilities.edits ? 'edit' : ''].filter((word) => word !== '');
  return [
    label === '' ? uri : label,
    kind,
    ['read', ...can].join(', '),
    runs === null ? '-' : String(runs),
    isDefault ? `${named} (takes new runs)` : named,
    problem ?? '',
  ];
}

const addCommand: Command = {
  words: ['stores', 'add'],
  summary: "show a store's runs in this project as well; where new runs go stays as it is",
  positionals: 'URI',
  example: 'mlops stores add sqlite:///../other/mlflow.db',
  options: {},
  run: (invocation) =>
    change(invocation, takePositionals(invocation, addCommand), addStore, ({ uri, changed }, isDryRun) => {
      if (!changed) return `${uri} is in .mlops/project.yaml already.`;
      return isDryRun ? `Would add ${uri} to .mlops/project.yaml.` : `Added ${uri} to .mlops/project.yaml.`;
    }),
};

const removeCommand: Command = {
  words: ['stores', 'remove'],
  summary: "no longer show a store's runs in this project; they stay where they are",
  positionals: 'URI',
  example: 'mlops stores remove sqlite:///../other/mlflow.db',
  options: {},
  run: (invocation) =>
    change(invocation, takePositionals(invocation, removeCommand), removeStore, ({ uri }, isDryRun) =>
      isDryRun
        ? `Would remove ${uri} from .mlops/project.yaml.`
        : `Removed ${uri} from .mlops/project.yaml. Its runs stay where they are.`,
    ),
};

async function change(
  invocation: Invocation,
  [uri = '']: readonly string[],
  perform: typeof addStore,
  tell: (change: StoreChange, isDryRun: boolean) => string,
): Promise<number> {
  const dryRun = invocation.options.flag('dry-run');
  const done = await perform(await invocation.project(), { uri, cwd: invocation.cwd, dryRun });
  invocation.output.result(done, () => tell(done, dryRun));
  return exitCodes.done;
}

export const storeCommands: readonly Command[] = [listCommand, addCommand, removeCommand, syncCommand];
