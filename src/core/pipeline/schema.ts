import { isList, isPyMap, keyText, type PyValue } from './values.ts';

// The shape of dvc.yaml, as strict as DVC's own schema: an unknown key anywhere is an error. Each check reports what it finds
// wrong with the path at which it stands.

export type YamlPath = readonly (string | number)[];
type Report = (path: YamlPath, message: string, at?: 'key' | 'value') => void;
type Check = (value: PyValue, path: YamlPath, report: Report) => void;

const anything: Check = () => undefined;
const text: Check = (value, path, report) => {
  if (typeof value !== 'string') report(path, 'This must be text.');
};
const flag: Check = (value, path, report) => {
  if (typeof value !== 'boolean') report(path, 'This must be true or false.');
};
const list: Check = (value, path, report) => {
  if (!isList(value)) report(path, 'This must be a list.');
};

const listOf =
  (item: Check): Check =>
  (value, path, report) => {
    if (!isList(value)) report(path, 'This must be a list.');
    else for (const [index, member] of value.entries()) item(member, [...path, index], report);
  };

const mappingOf =
  (item: Check): Check =>
  (value, path, report) => {
    if (!isPyMap(value)) report(path, 'This must be a mapping.');
    for (const [key, member] of isPyMap(value) ? value.entries : []) {
      if (typeof key === 'string') item(member, [...path, key], report);
      else report(path, 'Keys must be text here.');
    }
  };

const record =
  (fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check =>
  (value, path, report) => {
    if (!isPyMap(value)) {
      report(path, 'This must be a mapping.');
      return;
    }
    const present = new Set(value.entries.map(([key]) => key));
    for (const [key, member] of value.entries) {
      const check = typeof key === 'string' && Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (check === undefined) report([...path, keyText(key)], `Unknown key "${keyText(key)}".`, 'key');
      else check(member, [...path, keyText(key)], report);
    }
    for (const key of required) if (!present.has(key)) report(path, `"${key}" is missing.`);
  };

/** The first kind whose test the value passes decides which check explains the rest. */
const either =
  (sentence: string, ...kinds: readonly (readonly [(value: PyValue) => boolean, Check])[]): Check =>
  (value, path, report) => {
    const kind = kinds.find(([test]) => test(value));
    if (kind === undefined) report(path, sentence);
    else kind[1](value, path, report);
  };

const isText = (value: PyValue): boolean => typeof value === 'string';
const isNull = (value: PyValue): boolean => value === null;

const annotations = { desc: text, type: text, labels: listOf(text), meta: anything };
const outOptions = { ...annotations, cache: flag, persist: flag, checkpoint: flag, remote: text, push: flag };
const plotOptions = {
  ...outOptions,
  template: text,
  x: text,
  y: text,
  x_label: text,
  y_label: text,
  title: text,
  header: flag,
};

const vars = listOf(either('This must be text or a mapping.', [isText, anything], [isPyMap, anything]));
const outs = listOf(
  either('An output is a path, or a path with options.', [isText, anything], [isPyMap, mappingOf(record(outOptions))]),
);
const stagePlots = listOf(
  either(
    'A plot is a path, or a path with options.',
    [isText, anything],
    [
      isPyMap,
      mappingOf(
        either('Options must be a mapping.', [isPyMap, record(plotOptions)], [isList, listOf(record(plotOptions))]),
      ),
    ],
  ),
);
const params = listOf(either('This must be a name, or a file with names.', [isText, anything], [isPyMap, anything]));

const stageFields = {
  matrix: mappingOf(either('This must be a list, or ${…}.', [isText, anything], [isList, anything])),
  cmd: either('This must be text or a list.', [isText, anything], [isList, list]),
  wdir: text,
  deps: listOf(text),
  params,
  vars,
  frozen: flag,
  meta: anything,
  desc: text,
  always_changed: flag,
  outs,
  metrics: outs,
  plots: stagePlots,
};
const stage = record(stageFields, ['cmd']);
const group = record(
  {
    foreach: either('This must be a list or a mapping.', [isText, anything], [isList, list], [isPyMap, anything]),
    do: stage,
  },
  ['foreach', 'do'],
);

const isGroup = (value: PyValue): boolean =>
  isPyMap(value) && value.entries.some(([key]) => key === 'foreach' || key === 'do');

const texts = either('This must be text or a list of texts.', [isText, anything], [isList, listOf(text)]);
const plotDefinition = record({
  x: either('This must be text, or a file with a column.', [isText, anything], [isPyMap, mappingOf(text)]),
  y: either(
    'This must be text, a list of texts, or files with columns.',
    [isText, anything],
    [isList, listOf(text)],
    [isPyMap, mappingOf(texts)],
  ),
  x_label: text,
  y_label: text,
  title: text,
  template: text,
});
const topPlot = either('This must be a mapping.', [isNull, anything], [isPyMap, plotDefinition]);
const namedPlots: Check = (value, path, report) => {
  mappingOf(topPlot)(value, path, report);
  if (isPyMap(value) && value.entries.length === 0) report(path, 'A plot needs a path or a name.');
};

export const pipelineSchema: Check = record({
  vars,
  stages: mappingOf(either('A stage must be a mapping.', [isGroup, group], [isPyMap, stage])),
  params: listOf(text),
  metrics: listOf(text),
  plots: listOf(either('A plot is a path, or a name with its definition.', [isText, anything], [isPyMap, namedPlots])),
  artifacts: mappingOf(record({ path: text, ...annotations }, ['path'])),
  // DVC looks at the items only when somebody asks for a dataset, but it must be able to walk them.
  datasets: either('This must be a list.', [isList, anything], [isPyMap, anything], [isText, anything]),
});
