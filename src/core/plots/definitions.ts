import {
  folderOf,
  getKey,
  isList,
  isPyMap,
  isWithin,
  joinPath,
  type PipelineFile,
  type Place,
  type PyMap,
  type PyValue,
  type Stage,
} from '../pipeline/pipeline.ts';

/** Columns by the file that they stand in, in order. */
export interface FileColumns {
  readonly files: readonly (readonly [file: string, columns: readonly string[]])[];
}

/** What is said of a plot; what is left out is chosen by what the data looks like. */
export interface PlotProps {
  readonly x?: string | FileColumns;
  readonly y?: string | readonly string[] | FileColumns;
  readonly xLabel?: string;
  readonly yLabel?: string;
  readonly title?: string;
  readonly template?: string;
  /** False: the first line of a table is data already. */
  readonly header?: boolean;
}

/** A plot of one revision. */
export interface PlotDefinition {
  /** A path from the project's root, or a name. */
  readonly id: string;
  /** The dvc.yaml whose section `plots` has it; '' for an output of a stage and for a file that was asked for by its name. */
  readonly config: string;
  readonly props: PlotProps;
  readonly place: Place | null;
}

/** A dvc.yaml of a revision. */
export interface PlotPipeline {
  readonly pipeline: PipelineFile;
  readonly stages: readonly Stage[];
  /** Its section `plots` with everything filled in; undefined where an item could not be. */
  readonly plots: readonly (PyValue | undefined)[];
}

/** Files of a revision, whether git or DVC keeps them. */
export interface PlotTree {
  /** All files below a folder, by paths from the project's root; undefined for what is no folder. */
  filesIn(folder: string): readonly string[] | undefined;
  has(file: string): boolean;
}

export interface PlotChoice {
  /** Beginnings of ids, or files; none: all plots. */
  readonly targets: readonly string[];
  /** Wins over what is said in files. */
  readonly props: PlotProps;
}

/** Plots of a revision by the id that DVC gives them, as `dvc plots show` finds them. */
export function collectDefinitions(
  pipelines: readonly PlotPipeline[],
  tree: PlotTree,
  { targets, props }: PlotChoice,
): ReadonlyMap<string, PlotDefinition> {
  const found: PlotDefinition[] = [
    ...pipelines.flatMap((one) => readTop(one, tree).filter((plot) => isWanted(plot, targets))),
    ...pipelines.flatMap((one) => readOuts(one, tree).filter((plot) => isWanted(plot, targets))),
  ];
  for (const target of targets) {
    const isKnown = found.some((plot) => isWanted(plot, [target]));
    const isThere = tree.has(target) || tree.filesIn(target) !== undefined;
    if (isThere && !isKnown) found.push(...expand({ id: target, config: '', props: {}, place: null }, tree));
  }
  return nameDefinitions(found.map((plot) => ({ ...plot, props: { ...plot.props, ...props } })));
}

/** Files and folders whose being there decides what plots there are. */
export function pathsToKnow(pipelines: readonly PlotPipeline[], targets: readonly string[]): readonly string[] {
  const found: string[] = [...targets];
  const noFolders: PlotTree = { has: () => false, filesIn: () => undefined };
  for (const one of pipelines)
    found.push(...[...readTop(one, noFolders), ...readOuts(one, noFolders)].map(({ id }) => id));
  return [...new Set(found)];
}

function isWanted({ id, config }: PlotDefinition, targets: readonly string[]): boolean {
  return targets.length === 0 || targets.some((target) => id.startsWith(target) || toFullId(config, id) === target);
}

function toFullId(config: string, id: string): string {
  return config === '' ? id : `${config}::${id}`;
}

/** Of equal ids in one file the last counts; in several files each is a plot of its own. */
function nameDefinitions(found: readonly PlotDefinition[]): ReadonlyMap<string, PlotDefinition> {
  const named = new Map<string, PlotDefinition>();
  for (const [id, own] of Map.groupBy(found, (plot) => plot.id)) {
    const byConfig = new Map(own.map((plot) => [plot.config, plot]));
    for (const [config, plot] of byConfig) named.set(byConfig.size === 1 ? id : toFullId(config, id), plot);
  }
  return named;
}

/** A folder is a plot for each of its files. */
function expand(plot: PlotDefinition, tree: PlotTree): readonly PlotDefinition[] {
  return tree.filesIn(plot.id)?.map((id) => ({ ...plot, id })) ?? [plot];
}

function readTop({ pipeline, plots }: PlotPipeline, tree: PlotTree): readonly PlotDefinition[] {
  const { file: config, yaml } = pipeline;
  const items = plots.flatMap((item, index): PlotDefinition[] => {
    const [name, value] = isPyMap(item) ? (item.entries[0] ?? []) : [item, null];
    if (typeof name !== 'string') return [];
    const props = readProps(value, folderOf(config));
    const path = ['plots', index, ...(isPyMap(item) ? [name] : [])];
    const id = isByFile(props) ? name : joinPath(folderOf(config), name);
    return [{ id, config, props, place: { file: config, ...yaml.place(path, 'key') } }];
  });
  const folders = items.filter(({ props }) => !isByFile(props)).map(({ id }) => id);
  return items.flatMap((plot) =>
    isByFile(plot.props) ? [plot] : expand(plot, tree).filter(({ id }) => closestOf(folders, id) === plot.id),
  );
}

/** Plots whose files stand in `y` have a name that is none of a file. */
function isByFile({ y }: PlotProps): boolean {
  return typeof y === 'object' && 'files' in y;
}

/** Of folders in each other the inner one says how a file is drawn. */
function closestOf(folders: readonly string[], file: string): string | undefined {
  return folders.filter((folder) => folder === file || isWithin(folder, file)).sort((a, b) => b.length - a.length)[0];
}

function readOuts({ stages }: PlotPipeline, tree: PlotTree): readonly PlotDefinition[] {
  return stages.flatMap(({ outs }) =>
    outs
      .filter(({ kind }) => kind === 'plot')
      .flatMap(({ file, place, display = null }) =>
        expand({ id: file, config: '', props: readProps(display, ''), place }, tree),
      ),
  );
}

const texts = { title: 'title', template: 'template', x_label: 'xLabel', y_label: 'yLabel' } as const;

/** The shape was checked with the rest of the file. `folder`: what files in `x` and `y` are relative to. */
function readProps(value: PyValue | undefined, folder: string): PlotProps {
  if (!isPyMap(value)) return {};
  const [x, y] = [readColumns(getKey(value, 'x'), folder), readColumns(getKey(value, 'y'), folder)];
  const header = getKey(value, 'header');
  return {
    ...(x === undefined || Array.isArray(x) ? {} : { x: x as string | FileColumns }),
    ...(y === undefined ? {} : { y }),
    ...Object.fromEntries(
      Object.entries(texts).flatMap(([key, name]) => {
        const text = getKey(value, key);
        return typeof text === 'string' ? [[name, text]] : [];
      }),
    ),
    ...(typeof header === 'boolean' ? { header } : {}),
  };
}

function readColumns(value: PyValue | undefined, folder: string): PlotProps['y'] {
  if (typeof value === 'string') return value;
  if (isList(value)) return textsOf(value);
  return isPyMap(value) ? { files: filesOf(value, folder) } : undefined;
}

function filesOf(map: PyMap, folder: string): FileColumns['files'] {
  return map.entries.flatMap(([file, columns]) =>
    typeof file === 'string' ? [[joinPath(folder, file), textsOf(isList(columns) ? columns : [columns])] as const] : [],
  );
}

function textsOf(list: readonly PyValue[]): readonly string[] {
  return list.filter((item) => typeof item === 'string');
}

/** Files that hold the data of a plot. */
export function sourcesOf({ id, props: { x, y } }: PlotDefinition): readonly string[] {
  const filesIn = (axis: PlotProps['y']): readonly string[] =>
    typeof axis === 'object' && 'files' in axis ? axis.files.map(([file]) => file) : [];
  const own = filesIn(y);
  return [...new Set([...(own.length === 0 ? [id] : own), ...filesIn(x)])];
}
