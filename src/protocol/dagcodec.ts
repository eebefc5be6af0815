import { dagProtocolVersion, type FromDagPage, type ToDagPage } from './dag.ts';
import type { StageState } from './pipeline.ts';
import { count, flag, listOf, oneOf, orNull, parserOf, shaped, text, type Check, type Shapes } from './shapes.ts';

// Parsers of the messages between the extension and the graph's page: `undefined` means "not a message of this version".

const currentProtocol: Check = (value) => value === dagProtocolVersion;
const states: Readonly<Record<StageState, true>> = {
  'fresh': true,
  'stale': true,
  'never-run': true,
  'blocked': true,
  'running': true,
  'frozen': true,
  'failed': true,
  'needs-dvc': true,
};
const stands = { name: text, state: oneOf(...Object.keys(states)), words: text, spoken: text };
const stages = listOf(shaped({ ...stands, group: orNull(text), needs: listOf(text) }));
const graph = shaped({ stages, groups: listOf(shaped(stands)), warning: orNull(text) });
const notice = shaped({ kind: oneOf('loading', 'empty', 'broken'), text, action: oneOf('none', 'retry', 'addStage') });
const numbered = { protocol: currentProtocol, sequence: count };

const toDagPage: Shapes<ToDagPage> = {
  graph: { ...numbered, graph },
  states: { ...numbered, states: listOf(shaped(stands)) },
  notice: { ...numbered, notice },
};

const fromDagPage: Shapes<FromDagPage> = {
  ready: { protocol: currentProtocol },
  resync: {},
  open: { name: text },
  run: { name: text, downstream: flag },
  addStage: {},
  error: { message: text },
};

export const parseToDagPage: (value: unknown) => ToDagPage | undefined = parserOf(toDagPage);
export const parseFromDagPage: (value: unknown) => FromDagPage | undefined = parserOf(fromDagPage);
