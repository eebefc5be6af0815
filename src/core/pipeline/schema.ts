import { isList, isPyMap, keyText, type PyValue } from './values.ts';

// The shape of dvc.yaml, as strict as DVC's own schema: an unknown key anywhere is an error. Each check reports what it finds
// wrong with the path at which it stands, and can say what it allows: the editor offers and explains keys from this same table.

export type YamlPath = readonly (string | number)[];
type Report = (path: YamlPath, message: string, at?: 'key' | 'value') => void;

export type Shape =
  | { readonly kind: 'any' | 'text' | 'flag' }
  | { readonly kind: 'list' | 'mapping'; readonly item: Shape }
  | { readonly kind: 'record'; readonly fields: Readonly<Record<string, Field>>; readonly required: readonly string[] }
  | { readonly kind: 'either'; readonly shapes: readonly Shape[] };

/** A key: what may stand behind it, and what it means. */
interface Field {
  readonly shape: Shape;
  readonly description: string;
}

interface Check {
  (value: PyValue, path: YamlPath, report: Report): void;
  readonly shape: Shape;
}

const shaped = (shape: Shape, check: (value: PyValue, path: YamlPath, report: Report) => void): Check =>
  Object.assign(check, { shape });

const anything = shaped({ kind: 'any' }, () => undefined);
const text = shaped({ kind: 'text' }, (value, path, report) => {
  if (typeof value !== 'string') report(path, 'This must be text.');
});
const flag = shaped({ kind: 'flag' }, (value, path, report) => {
  if (typeof value !== 'boolean') report(path, 'This must be true or false.');
});
const list = shaped({ kind: 'list', item: { kind: 'any' } }, (value, path, report) => {
  if (!isList(value)) report(path, 'This must be a list.');
});

const listOf = (item: Check): Check =>
  shaped({ kind: 'list', item: item.shape }, (value, path, report) => {
    if (!isList(value)) report(path, 'This must be a list.');
    else for (const [index, member] of value.entries()) item(member, [...path, index], report);
  });

const mappingOf = (item: Check): Check =>
  shaped({ kind: 'mapping', item: item.shape }, (value, path, report) => {
    if (!isPyMap(value)) report(path, 'This must be a mapping.');
    for (const [key, member] of isPyMap(value) ? value.entries : []) {
      if (typeof key === 'string') item(member, [...path, key], report);
      else report(path, 'Keys must be text here.');
    }
  });

type Fields = Readonly<Record<string, readonly [Check, description: string]>>;

const record = (fields: Fields, required: readonly string[] = []): Check =>
  shaped(
    {
      kind: 'record',
      fields: Object.fromEntries(
        Object.entries(fields).map(([key, [{ shape }, description]]) => [key, { shape, description }]),
      ),
      required,
    },
    (value, path, report) => {
      if (!isPyMap(value)) {
        report(path, 'This must be a mapping.');
        return;
      }
      const present = new Set(value.entries.map(([key]) => key));
      for (const [key, member] of value.entries) {
        const field = typeof key === 'string' && Object.hasOwn(fields, key) ? fields[key] : undefined;
        if (field === undefined) report([...path, keyText(key)], `Unknown key "${keyText(key)}".`, 'key');
        else field[0](member, [...path, keyText(key)], report);
      }
      for (const key of required) if (!present.has(key)) report(path, `"${key}" is missing.`);
    },
  );

/** The first kind whose test the value passes decides which check explains the rest. */
const either = (sentence: string, ...kinds: readonly (readonly [(value: PyValue) => boolean, Check])[]): Check =>
  shaped({ kind: 'either', shapes: kinds.map(([, { shape }]) => shape) }, (value, path, report) => {
    const kind = kinds.find(([test]) => test(value));
    if (kind === undefined) report(path, sentence);
    else kind[1](value, path, report);
  });

const isText = (value: PyValue): boolean => typeof value === 'string';
const isNull = (value: PyValue): boolean => value === null;

const annotations: Fields = {
  desc: [text, 'What it is, in a sentence. DVC only keeps it.'],
  type: [text, 'A kind of your own choosing, such as model or dataset.'],
  labels: [listOf(text), 'Words by which it can be found.'],
  meta: [anything, 'Anything that other tools want to keep here; nothing is read from it.'],
};
const outOptions: Fields = {
  ...annotations,
  cache: [flag, 'false: not kept in the cache and not ignored by Git, so that Git itself can track it.'],
  persist: [flag, 'true: not removed before the stage runs.'],
  checkpoint: [flag, 'A word of DVC 2, without a meaning today.'],
  remote: [text, 'The remote that this output is pushed to.'],
  push: [flag, 'false: never pushed to a remote.'],
};
const axisLabels: Fields = {
  x_label: [text, 'Title of the x axis.'],
  y_label: [text, 'Title of the y axis.'],
  title: [text, 'Title of the plot.'],
};
const template: Fields[string] = [
  text,
  'How it is drawn: a template of DVC (linear, scatter, confusion …) or of your own.',
];
const plotOptions: Fields = {
  ...outOptions,
  ...axisLabels,
  template,
  x: [text, 'Column of the x axis.'],
  y: [text, 'Column of the y axis.'],
  header: [flag, 'false: the first line of the table is data already.'],
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

const stageFields: Fields = {
  cmd: [
    either('This must be text or a list.', [isText, anything], [isList, list]),
    'The command that the stage runs: one line, several lines, or a list.',
  ],
  deps: [listOf(text), 'Files and folders that the command reads. The stage is stale when one of them changes.'],
  params: [params, 'Values that the command reads: keys of params.yaml, or of another file.'],
  outs: [outs, 'Files and folders that the command makes. They are removed before it runs and kept in the cache.'],
  metrics: [outs, 'Outputs that hold numbers to compare: JSON, YAML or TOML.'],
  plots: [stagePlots, 'Outputs that can be drawn: tables or pictures.'],
  wdir: [text, 'Folder in which the command runs; paths are relative to it. Default: that of dvc.yaml.'],
  desc: [text, 'What the stage does, in a sentence.'],
  vars: [vars, 'Values for ${…} in this stage alone: files, or names with values.'],
  frozen: [flag, 'true: the stage is never run, whatever changes.'],
  always_changed: [flag, 'true: the stage runs every time.'],
  matrix: [
    mappingOf(either('This must be a list, or ${…}.', [isText, anything], [isList, anything])),
    'One stage for each combination of these lists; ${item.NAME} is the value.',
  ],
  meta: [anything, 'Anything that other tools want to keep here; nothing is read from it.'],
};
const stage = record(stageFields, ['cmd']);
const group = record(
  {
    foreach: [
      either('This must be a list or a mapping.', [isText, anything], [isList, list], [isPyMap, anything]),
      'One stage for each item of this list or mapping: ${item} is the value, ${key} its key.',
    ],
    do: [stage, 'The stage that is made of each item.'],
  },
  ['foreach', 'do'],
);

const isGroup = (value: PyValue): boolean =>
  isPyMap(value) && value.entries.some(([key]) => key === 'foreach' || key === 'do');

const texts = either('This must be text or a list of texts.', [isText, anything], [isList, listOf(text)]);
const plotDefinition = record({
  x: [
    either('This must be text, or a file with a column.', [isText, anything], [isPyMap, mappingOf(text)]),
    'Column of the x axis, or a file with its column.',
  ],
  y: [
    either(
      'This must be text, a list of texts, or files with columns.',
      [isText, anything],
      [isList, listOf(text)],
      [isPyMap, mappingOf(texts)],
    ),
    'Columns of the y axis, or files with their columns.',
  ],
  ...axisLabels,
  template,
});
const topPlot = either('This must be a mapping.', [isNull, anything], [isPyMap, plotDefinition]);
const topPlots = mappingOf(topPlot);
const namedPlots = shaped(topPlots.shape, (value, path, report) => {
  topPlots(value, path, report);
  if (isPyMap(value) && value.entries.length === 0) report(path, 'A plot needs a path or a name.');
});

export const pipelineSchema: Check = record({
  stages: [
    mappingOf(either('A stage must be a mapping.', [isGroup, group], [isPyMap, stage])),
    'The steps of the pipeline, by their names. Their order comes from what they read and make.',
  ],
  vars: [vars, 'Values for ${…} in this file: files, or names with values. params.yaml is always there.'],
  params: [listOf(text), 'Params files that belong to no stage.'],
  metrics: [listOf(text), 'Metrics files that belong to no stage.'],
  plots: [
    listOf(either('A plot is a path, or a name with its definition.', [isText, anything], [isPyMap, namedPlots])),
    'What can be drawn, of one file or of several.',
  ],
  artifacts: [
    mappingOf(record({ path: [text, 'The file or folder.'], ...annotations }, ['path'])),
    'Models and data that other projects can get by their names.',
  ],
  // DVC looks at the items only when somebody asks for a dataset, but it must be able to walk them.
  datasets: [
    either('This must be a list.', [isList, anything], [isPyMap, anything], [isText, anything]),
    'Data sets of other places, which deps name as ds://NAME.',
  ],
});

/** What may stand at a path of dvc.yaml: keys of mappings by name, items of lists as numbers. Empty: nothing that is known. */
export function shapesAt(path: YamlPath): readonly Shape[] {
  return path.reduce<readonly Shape[]>(
    (shapes, part) => shapes.flatMap((shape) => below(shape, part)),
    alternatives(pipelineSchema.shape),
  );
}

function below(shape: Shape, part: string | number): readonly Shape[] {
  switch (shape.kind) {
    case 'any':
    case 'text':
    case 'flag':
      return [];
    case 'list':
      return typeof part === 'number' ? alternatives(shape.item) : [];
    case 'mapping':
      return typeof part === 'string' ? alternatives(shape.item) : [];
    case 'record': {
      const field = Object.hasOwn(shape.fields, part) ? shape.fields[part] : undefined;
      return field === undefined ? [] : alternatives(field.shape);
    }
    case 'either':
      return alternatives(shape).flatMap((one) => below(one, part));
  }
}

function alternatives(shape: Shape): readonly Shape[] {
  return shape.kind === 'either' ? shape.shapes.flatMap(alternatives) : [shape];
}

/** Every sentence of the table: what must be translated. */
export function listDescriptions(shape: Shape = pipelineSchema.shape): readonly string[] {
  switch (shape.kind) {
    case 'any':
    case 'text':
    case 'flag':
      return [];
    case 'list':
    case 'mapping':
      return listDescriptions(shape.item);
    case 'record':
      return Object.values(shape.fields).flatMap((field) => [field.description, ...listDescriptions(field.shape)]);
    case 'either':
      return shape.shapes.flatMap((one) => listDescriptions(one));
  }
}
