import path from 'node:path';
import { isUtf8 } from 'node:buffer';
import {
  collectDefinitions,
  defaultTemplate,
  drawPlot,
  hasDataAnchor,
  isDvcTemplate,
  isImage,
  parseJson,
  parsePlotData,
  pathsToKnow,
  problemOf,
  resolvePlots,
  sourcesOf,
  type PlotChoice,
  type PlotData,
  type PlotDefinition,
  type RevisionPlots,
} from '../../core/plots/plots.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import type { DrawnPlots, PlotList } from '../../protocol/plots.ts';
import type { Problem } from '../../protocol/problem.ts';
import { isInside, readTextIfExists } from '../files/files.ts';
import { openObjects } from '../git/git.ts';
import type { Project } from '../project/project.ts';
import { WORKSPACE, findCommit } from '../revisions/revisions.ts';
import { openCommit, openWorkTree, type PlotFiles } from './files.ts';

// Plots of dvc.yaml, read as `dvc plots show` and `dvc plots diff` read them. Nothing is checked out and nothing is written.

const MOST_IMAGE_BYTES = 16 << 20;

export interface PlotRequest extends PlotChoice {
  /** `workspace`, or what names a commit; the work tree comes first. */
  readonly revisions: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Throws `unknown-name` for a revision that is none. */
export async function readPlots(project: Project, request: PlotRequest): Promise<PlotList> {
  return readEach(project, request, (_, error) => {
    throw error;
  });
}

/** As a page draws them. What can't be read of one revision is told, and hides no other. */
export async function drawPlots(
  project: Project,
  { revisions, env }: Pick<PlotRequest, 'revisions' | 'env'>,
): Promise<DrawnPlots> {
  const request = { revisions, env, targets: [], props: {} };
  const { plots, problems } = await readEach(project, request, (revision, error) => {
    if (!(error instanceof ExpectedError)) throw error;
    return { file: revision, line: 1, column: 1, severity: 'error', message: error.message };
  });
  return { plots: plots.flatMap((plot) => drawPlot(plot) ?? []), problems };
}

async function readEach(
  project: Project,
  request: PlotRequest,
  onFailure: (revision: string, error: unknown) => Problem,
): Promise<PlotList> {
  const wanted = [...new Set(request.revisions)];
  const revisions = [...wanted.filter((one) => one === WORKSPACE), ...wanted.filter((one) => one !== WORKSPACE)];
  const problems: Problem[] = [];
  const read: RevisionPlots[] = [];
  // One after another: each may hold as much as fits into memory once.
  for (const revision of revisions)
    try {
      const files = await openRevision(project, revision, request.env);
      read.push(await readRevision({ revision, files, request, problems }));
    } catch (error) {
      problems.push(onFailure(revision, error));
    }
  const templates = await readTemplates(project, read, problems);
  const { plots, problems: found } = resolvePlots(read, templates);
  return { revisions, plots, problems: [...problems, ...found] };
}

async function openRevision(project: Project, revision: string, env: NodeJS.ProcessEnv): Promise<PlotFiles> {
  if (revision === WORKSPACE) return openWorkTree(project, env);
  const git = openObjects(project.root, { env });
  const commit = await findCommit(git, revision);
  if (commit === undefined) throw unknownName('revision', revision, []);
  return openCommit(project, git, commit, env);
}

interface Reading {
  readonly revision: string;
  readonly files: PlotFiles;
  readonly request: PlotRequest;
  readonly problems: Problem[];
}

async function readRevision({ revision, files, request, problems }: Reading): Promise<RevisionPlots> {
  const toPlace = <T extends { readonly file: string }>(place: T): T =>
    revision === WORKSPACE ? place : { ...place, file: `${revision}:${place.file}` };
  const tell = (...found: readonly Problem[]): void => void problems.push(...found.map(toPlace));
  tell(...files.problems);
  const { targets } = request;
  const tree = await files.look(pathsToKnow(files.pipelines, targets));
  const definitions = collectDefinitions(files.pipelines, tree, request);
  const [data, images] = [new Map<string, PlotData>(), new Map<string, Uint8Array>()];
  const found = await files.read([...new Set([...definitions.values()].flatMap(sourcesOf))]);
  for (const definition of definitions.values())
    for (const file of sourcesOf(definition)) {
      if (data.has(file) || images.has(file)) continue;
      const read = readSource(file, found.get(file), definition);
      tell(...read.problems);
      if (read.value instanceof Uint8Array) images.set(file, read.value);
      else if (read.value !== undefined) data.set(file, read.value);
    }
  const placed = [...definitions].map(([id, one]) => [id, { ...one, place: one.place && toPlace(one.place) }] as const);
  return { revision, definitions: new Map(placed), data, images };
}

interface ReadSource {
  readonly value: PlotData | Uint8Array | undefined;
  readonly problems: readonly Problem[];
}

function readSource(file: string, bytes: Uint8Array | ExpectedError | undefined, plot: PlotDefinition): ReadSource {
  const refuse = (message: string): ReadSource => ({ value: undefined, problems: [problemOf(plot, message)] });
  if (bytes === undefined)
    return refuse(
      `${file} is not there: neither as a file, nor in DVC’s cache. Run the stage that makes it, or "dvc pull".`,
    );
  if (bytes instanceof ExpectedError) return refuse(bytes.message);
  if (!isImage(file))
    return isUtf8(bytes)
      ? parsePlotData(Buffer.from(bytes).toString(), file, { header: plot.props.header ?? true })
      : refuse(`${file} is not UTF-8.`);
  return bytes.length > MOST_IMAGE_BYTES
    ? refuse(`${file} has ${bytes.length} bytes; pictures of up to ${MOST_IMAGE_BYTES} are shown.`)
    : { value: bytes, problems: [] };
}

/** Templates that plots ask for and that the project has, in `.dvc/plots` or elsewhere in it: they win over DVC's own of the same name. */
async function readTemplates(
  project: Project,
  revisions: readonly RevisionPlots[],
  problems: Problem[],
): Promise<ReadonlyMap<string, unknown>> {
  const asking = new Map<string, PlotDefinition>();
  for (const { definitions } of revisions)
    for (const plot of definitions.values()) {
      const { template = defaultTemplate } = plot.props;
      if (!asking.has(template) && !isImage(plot.id)) asking.set(template, plot);
    }
  const found = new Map<string, unknown>();
  for (const [name, plot] of asking) {
    const template = await readTemplate(project, name);
    if (template === undefined) continue;
    const { value, problems: own } = parseJson(template.text, template.file);
    const isUsable = own.length === 0 && hasDataAnchor(value);
    problems.push(...own);
    if (own.length === 0 && !isUsable)
      problems.push(
        problemOf(plot, `The template ${template.file} does not use <DVC_METRIC_DATA>, where rows belong.`),
      );
    found.set(name, isUsable ? value : null);
  }
  return found;
}

async function readTemplate(
  { root }: Project,
  name: string,
): Promise<{ readonly file: string; readonly text: string } | undefined> {
  const folder = path.join('.dvc', 'plots');
  const places = [path.join(folder, name), path.join(folder, `${name.replace(/\.[^./]*$/, '')}.json`), name];
  for (const place of places) {
    const absolute = path.resolve(root, place);
    // A name like that of a folder of the project is no template.
    if (!isInside(root, absolute) || (isDvcTemplate(name) && place === name)) continue;
    const text = await readTextIfExists(absolute).catch((error: unknown) => {
      if (error instanceof ExpectedError) return undefined;
      throw error;
    });
    if (text !== undefined) return { file: path.relative(root, absolute).split(path.sep).join('/'), text };
  }
  return undefined;
}
