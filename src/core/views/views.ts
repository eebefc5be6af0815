import { Document, isMap, isScalar } from 'yaml';
import type { Parsed, Problem } from '../../protocol/problem.ts';
import { emptyRunsView, type RunsView } from '../../protocol/runsview.ts';
import { isMapping, parseYaml, type YamlFile } from '../yaml/yaml.ts';
import { chartsSection } from './charts.ts';
import { Place, type Reader } from './reading.ts';
import { relationsSection } from './relations.ts';
import type { Section } from './section.ts';
import { tableSection } from './table.ts';
import { writeSection } from './writing.ts';

// View files: `.mlops/views/<name>.yaml`, a layout of the page of runs. Each tab has its part; what stands beside them belongs to others.
//   table:
//     columns: [name, { id: metrics.val_loss, width: 120, pinned: true }]
//     sort: [metrics.val_loss, -start]
//     filter: val_loss < 0.3
//     group: params.lr
//     hidden: shown
//   charts:
//     x: epoch                                        # or { metric: images, scale: log }
//     smoothing: { kind: gaussian, weight: 0.6 }      # or none
//     group: { by: params.lr, band: confidence }
//     colour: params.lr
//     facet: params.optimizer
//     columns: 2
//     cards: [{ y: [training_loss, val_loss], scale: log, wide: true }, '"val_loss" - "training_loss"', learning_rate]
//     pinned: [0f3a…]
//   relations:
//     kind: scatter
//     axes: [{ id: params.lr, scale: log }, metrics.val_loss]
//     x: { id: params.lr, scale: log }
//     y: metrics.val_loss
//     metric: metrics.val_loss
//     group: params.optimizer
//     band: error
//     colour: metrics.val_loss
//     brushes: [{ id: params.lr, from: 0.001, to: 0.1 }, { id: params.optimizer, names: [adam] }]

const sections: { readonly [K in keyof RunsView]: Section<RunsView[K]> } = {
  table: tableSection,
  charts: chartsSection,
  relations: relationsSection,
};
const names = Object.keys(sections) as readonly (keyof RunsView)[];
const notMapping = `A view is a mapping with the keys ${names.join(', ')}.`;

/** What is wrong with a name for a view; undefined for a good one. The name is its file's, on every system. */
export function findViewNameMistake(name: string): string | undefined {
  if (name.trim() === '') return 'A view needs a name.';
  if (name.length > 60) return `The name has ${name.length} characters; at most 60 are allowed.`;
  if (!/^[\p{L}\p{N}_][\p{L}\p{N} _.-]*$/u.test(name) || /[. ]$/.test(name))
    return 'A name of a view is made of letters, digits, spaces, dots, dashes and underscores, begins with a letter or digit, and ends with no dot or space.';
  if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name)) return `Windows can't have a file named ${name}.`;
  return undefined;
}

/** An unknown key of a part is a warning; a wrong value an error, and there is no view. An empty file is a view that chooses nothing. */
export function parseView(text: string, file: string): Parsed<RunsView> {
  const { value: yaml, problems } = parseYaml(text, file);
  if (yaml === undefined) return { value: undefined, problems };
  if (yaml.value === null) return { value: emptyRunsView, problems };
  if (!isMapping(yaml.value)) return { value: undefined, problems: [...problems, yaml.problemAt([], notMapping)] };
  const found = [...problems];
  const place = new Place(yaml, found);
  const { table = null, charts = null, relations = null } = yaml.value;
  const view = {
    table: readPart(tableSection.read, table, place.at('table'), emptyRunsView.table),
    charts: readPart(chartsSection.read, charts, place.at('charts'), emptyRunsView.charts),
    relations: readPart(relationsSection.read, relations, place.at('relations'), emptyRunsView.relations),
  };
  return { value: isWhole(view) ? view : undefined, problems: found };
}

function readPart<T>(read: Reader<T>, value: unknown, place: Place, empty: T): T | null {
  return value === null ? empty : read(value, place);
}

function isWhole(view: { readonly [K in keyof RunsView]: RunsView[K] | null }): view is RunsView {
  return names.every((name) => view[name] !== null);
}

/**
 * The text of the file with this view in it. Comments, order of keys and whatever else stands there stay: only what says something
 * else is written. A text that can't be read is an error with its place, not overwritten. Without a text a new file.
 */
export function formatView(text: string | undefined, file: string, view: RunsView): Parsed<string> {
  const { value: yaml, problems } = parseYaml(text ?? '', file);
  if (yaml === undefined) return { value: undefined, problems };
  const root = yaml.document.contents;
  if (root !== null && !isMap(root) && !(isScalar(root) && root.value === null))
    return { value: undefined, problems: [yaml.problemAt([], notMapping)] };
  const document = isMap(root) ? (yaml.document as Document) : new Document({});
  if (!isMap(root)) document.commentBefore = yaml.document.commentBefore ?? yaml.document.comment;
  setSection(yaml, document, 'table', tableSection, view.table);
  setSection(yaml, document, 'charts', chartsSection, view.charts);
  setSection(yaml, document, 'relations', relationsSection, view.relations);
  return { value: document.toString({ lineWidth: 0, flowCollectionPadding: true }), problems: [] };
}

function setSection<T>(yaml: YamlFile, document: Document, name: string, section: Section<T>, view: T): void {
  const plain = section.toPlain(view);
  const isSaid = Object.values(plain).some((value) => value !== undefined);
  // The table's part is always there, so that a file is never empty.
  if (!isMap(document.get(name)) && (isSaid || name === 'table')) document.set(name, document.createNode({}));
  const part: unknown = document.get(name);
  if (!isMap(part)) return;
  const unheard: Problem[] = [];
  const meaningOf = (key: string, value: unknown): string =>
    JSON.stringify(section.readers[key]?.(value, new Place(yaml, unheard)) ?? null);
  writeSection(document, part, plain, (key, before, after) => {
    const meaning = meaningOf(key, before);
    return meaning !== 'null' && meaning === meaningOf(key, after);
  });
}
