import { compareProtocolVersion, type FromComparePage, type ToComparePage } from './compare.ts';
import {
  count,
  finite,
  flag,
  listOf,
  oneOf,
  orNull,
  parserOf,
  shaped,
  text,
  type Check,
  type Shapes,
} from './shapes.ts';

// Parsers of the messages between the extension and the page that compares runs: `undefined` means "not a message of this version".

const currentProtocol: Check = (value) => value === compareProtocolVersion;
const numbered = { protocol: currentProtocol, sequence: count };
const run = shaped({
  ...{ runId: text, name: text, experiment: text, startTime: finite, hasCommit: flag, hasConfig: flag },
  status: oneOf('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'),
});
const point = shaped({ text, step: finite, delta: orNull(text) });
const value = shaped({ best: orNull(point), last: point, change: orNull(oneOf('better', 'worse', 'same')) });
const metric = shaped({
  ...{ name: text, values: listOf(orNull(value)) },
  direction: orNull(oneOf('minimize', 'maximize')),
});
const texts = listOf(shaped({ name: text, values: listOf(orNull(text)) }));
const artifact = shaped({ path: text, runs: listOf(shaped({ isThere: flag, bytes: orNull(count) })) });
const comparison = shaped({
  ...{ runs: listOf(run), metrics: listOf(metric), equalMetrics: count, params: texts, tags: texts },
  ...{ artifacts: listOf(artifact), troubles: listOf(text) },
});
const notice = shaped({ kind: oneOf('loading', 'broken'), text, action: oneOf('none', 'retry') });

const toComparePage: Shapes<ToComparePage> = {
  comparison: { ...numbered, comparison },
  notice: { ...numbered, notice },
};

const fromComparePage: Shapes<FromComparePage> = {
  ready: { protocol: currentProtocol },
  resync: {},
  open: { runId: text },
  measure: { runId: text },
  code: { runId: text },
  config: { runId: text },
  artifact: { runId: text, path: text },
  error: { message: text },
};

export const parseToComparePage: (value: unknown) => ToComparePage | undefined = parserOf(toComparePage);
export const parseFromComparePage: (value: unknown) => FromComparePage | undefined = parserOf(fromComparePage);
