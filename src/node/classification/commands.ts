import { exitCodes } from '../../protocol/errors.ts';
import { badArguments, takePositionals, type Command } from '../commandline/commandline.ts';
import { openStores } from '../tracking/tracking.ts';
import { chooseFromRun } from './choosing.ts';

/** On a terminal. */
const TERMINAL_LIMIT = 50;

const examplesCommand: Command = {
  words: ['runs', 'examples'],
  summary: 'which examples of a class a run’s model took for another: their numbers in the split, from 0',
  positionals: 'RUN',
  example: 'mlops runs examples @last --true 4 --predicted 9',
  options: {
    store: { type: 'string', value: 'URI', summary: "the only tracking store to look at (default: the project's)" },
    true: { type: 'string', value: 'CLASS', summary: 'what they are' },
    predicted: { type: 'string', value: 'CLASS', summary: 'what they were taken for' },
    limit: { type: 'string', value: 'N', summary: `at most so many (default: ${TERMINAL_LIMIT} on a terminal)` },
  },
  run: async (invocation) => {
    const [text = ''] = takePositionals(invocation, examplesCommand);
    const { options, output, env, cwd } = invocation;
    const [actual, predicted] = [options.text('true'), options.text('predicted')];
    if (actual === undefined || predicted === undefined)
      throw badArguments('Name the cell of the confusion matrix: --true CLASS --predicted CLASS.');
    const store = await openStores({
      ...{ project: await invocation.findProject(), option: options.text('store'), env, cwd },
    });
    const run = await store.findRun(text);
    const most = options.integer('limit', 1) ?? (output.isTerminal && !output.json ? TERMINAL_LIMIT : Infinity);
    const { split, total, examples } = await chooseFromRun(store, run, { actual, predicted, most });
    const list = examples.map(({ number, probability }) => ({ number, probability }));
    output.result({ runId: run.runId, split, actual, predicted, total, examples: list }, () =>
      output.table({
        columns: ['EXAMPLE', 'PROBABILITY'],
        rows: list.map(({ number, probability }) => [String(number), probability?.toFixed(4) ?? '-']),
      }),
    );
    if (total > list.length) output.note(`${total - list.length} more: --limit ${total}.`);
    return exitCodes.done;
  },
};

export const commands: readonly Command[] = [examplesCommand];
