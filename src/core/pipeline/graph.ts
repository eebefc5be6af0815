import type { Problem, RelatedPlace } from '../../protocol/problem.ts';
import { isWithin, overlaps, type Out, type Place, type Stage } from './stage.ts';

/** The stages in the order of their files, and for each the stages that must be done first, in the order of its inputs. */
export interface PipelineGraph {
  readonly stages: readonly Stage[];
  readonly byName: ReadonlyMap<string, Stage>;
  readonly needs: ReadonlyMap<string, readonly string[]>;
  readonly neededBy: ReadonlyMap<string, readonly string[]>;
  /** For each stage the `.dvc` files whose data it reads. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

/** Data that is tracked by itself, with a `.dvc` file: no stage makes it, and stages may read it. */
type Source = Pick<Stage, 'name' | 'place' | 'outs'>;

/**
 * Connects stages: an edge where an input equals, contains or lies inside an output of another stage. Problems as DVC finds
 * them: an output of two stages, overlapping outputs, a dvc.yaml inside an output, cycles. Tracked data counts as an output.
 */
export function buildGraph(
  stages: readonly Stage[],
  data: readonly Source[] = [],
): { graph: PipelineGraph; problems: readonly Problem[] } {
  const outs = new OutIndex(stages);
  const tracked = new OutIndex(data);
  const needs = new Map<string, readonly string[]>();
  const neededBy = new Map<string, string[]>(stages.map(({ name }) => [name, []]));
  for (const stage of stages) {
    const names = new Set([...stage.deps, ...stage.params].flatMap(({ file }) => outs.overlapping(file)));
    needs.set(stage.name, [...names]);
    for (const name of names) neededBy.get(name)?.push(stage.name);
  }
  const sources = new Map(
    stages.map(({ name, deps, params }) => [
      name,
      [...new Set([...deps, ...params].flatMap(({ file }) => tracked.overlapping(file)))],
    ]),
  );
  const graph = { stages, byName: new Map(stages.map((stage) => [stage.name, stage])), needs, neededBy, sources };
  return { graph, problems: [...findSharedOuts([...stages, ...data]), ...findDuplicates(stages), ...findCycle(graph)] };
}

/** The outputs as a tree of folders, each level in the order of the stages: the order in which DVC finds them. */
class OutIndex {
  readonly #root: OutNode = { children: new Map() };

  constructor(stages: readonly Source[]) {
    for (const stage of stages) for (const { file } of stage.outs) this.#add(file, stage.name);
  }

  /** Names of the stages whose outputs equal, contain or lie inside `file`. */
  overlapping(file: string): string[] {
    const found: string[] = [];
    let node: OutNode | undefined = this.#root;
    for (const part of file.split('/')) {
      node = node.children.get(part);
      if (node === undefined) return found;
      if (node.stage !== undefined) found.push(node.stage);
    }
    for (const below of node.children.values()) collectStages(below, found);
    return found;
  }

  #add(file: string, stage: string): void {
    let node = this.#root;
    for (const part of file.split('/')) {
      const next = node.children.get(part) ?? { children: new Map<string, OutNode>() };
      node.children.set(part, next);
      node = next;
    }
    node.stage = stage;
  }
}

interface OutNode {
  readonly children: Map<string, OutNode>;
  stage?: string;
}

function collectStages(node: OutNode, found: string[]): void {
  if (node.stage !== undefined) found.push(node.stage);
  for (const child of node.children.values()) collectStages(child, found);
}

function findDuplicates(stages: readonly Stage[]): Problem[] {
  const seen = new Set<string>();
  return stages.flatMap(({ name, place }) => {
    const isDuplicate = seen.has(name);
    seen.add(name);
    return isDuplicate ? [toProblem(place, `There are two stages "${name}".`)] : [];
  });
}

function findSharedOuts(stages: readonly Source[]): Problem[] {
  const outs = stages.flatMap((stage) => stage.outs.map((out) => ({ stage, out })));
  const sorted = outs.toSorted((a, b) =>
    withSlash(a.out) < withSlash(b.out) ? -1 : withSlash(a.out) > withSlash(b.out) ? 1 : 0,
  );
  const problems: Problem[] = [];
  let holder: (typeof outs)[number] | undefined;
  for (const item of sorted) {
    const { out, stage } = item;
    if (holder !== undefined && overlaps(holder.out.file, out.file)) {
      const [same, verb] = holder.out.file === out.file ? ['', 'is'] : [`${holder.out.path} and `, 'overlap:'];
      problems.push(
        toProblem(
          out.place,
          `${same}${out.path} ${verb === 'is' ? 'is an output twice:' : verb} of ${holder.stage.name} and of ${stage.name}.`,
          [{ ...holder.out.place, message: `${holder.out.path}, an output of ${holder.stage.name}` }],
        ),
      );
    } else holder = item;
  }
  const files = new Set(stages.map(({ place }) => place.file));
  for (const { out } of outs)
    for (const file of files)
      if (isWithin(out.file, file)) problems.push(toProblem(out.place, `${file} lies inside the output ${out.path}.`));
  return problems;
}

/** With the slash a folder sorts right before what lies inside it. */
function withSlash(out: Out): string {
  return `${out.file}/`;
}

function findCycle({ stages, byName, needs }: PipelineGraph): Problem[] {
  const done = new Set<string>();
  for (const { name } of stages) {
    const trail: string[] = [];
    const cycle = walk(name, trail);
    if (cycle !== undefined) {
      const [first, ...others] = cycle.slice(0, -1).flatMap((stage) => byName.get(stage) ?? []);
      const related = others.map(({ name: other, place }) => ({ ...place, message: `${other} is part of the circle` }));
      return first === undefined
        ? []
        : [toProblem(first.place, `The stages depend on each other: ${cycle.join(' → ')}.`, related)];
    }
  }
  return [];

  function walk(start: string, trail: string[]): string[] | undefined {
    const stack: { name: string; next: number }[] = [{ name: start, next: 0 }];
    trail.push(start);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top === undefined) break;
      const need = done.has(top.name) ? undefined : needs.get(top.name)?.[top.next];
      top.next += 1;
      if (need === undefined) {
        done.add(top.name);
        stack.pop();
        trail.pop();
      } else if (trail.includes(need)) return [...trail.slice(trail.indexOf(need)), need];
      else if (!done.has(need)) {
        stack.push({ name: need, next: 0 });
        trail.push(need);
      }
    }
    return undefined;
  }
}

function toProblem({ file, line, column }: Place, message: string, related: readonly RelatedPlace[] = []): Problem {
  return { file, line, column, severity: 'error', message, ...(related.length === 0 ? {} : { related }) };
}

/**
 * The stages to visit for `targets` in the order in which they must run: depth first, needs before the stage, as DVC orders
 * them. A frozen stage asks for nothing. `downstream`: the targets and everything that needs them instead.
 */
export function orderStages(
  graph: PipelineGraph,
  targets: readonly string[],
  { downstream = false }: { downstream?: boolean } = {},
): readonly Stage[] {
  const wanted = downstream
    ? collect(targets, (name) => (graph.neededBy.get(name) ?? []).filter((other) => !isFrozen(graph, other)))
    : collect(targets, (name) => activeNeeds(graph, name));
  const inside = new Set(wanted);
  const starts = graph.stages.map(({ name }) => name).filter((name) => inside.has(name));
  const order = collect(starts, (name) => activeNeeds(graph, name).filter((need) => inside.has(need)));
  return order.flatMap((name) => graph.byName.get(name) ?? []);
}

function isFrozen(graph: PipelineGraph, name: string): boolean {
  return graph.byName.get(name)?.frozen === true;
}

export function activeNeeds(graph: PipelineGraph, name: string): readonly string[] {
  return isFrozen(graph, name) ? [] : (graph.needs.get(name) ?? []);
}

/** Everything that can be reached from `starts`, in depth-first post-order. */
function collect(starts: readonly string[], next: (name: string) => readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const order: string[] = [];
  for (const start of starts) {
    if (seen.has(start)) continue;
    seen.add(start);
    const stack = [{ name: start, rest: [...next(start)].reverse() }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.rest.pop();
      if (child === undefined) {
        order.push(top.name);
        stack.pop();
      } else if (!seen.has(child)) {
        seen.add(child);
        stack.push({ name: child, rest: [...next(child)].reverse() });
      }
    }
  }
  return order;
}

/** All stages that need `name`, directly or not. */
export function dependentsOf(graph: PipelineGraph, name: string): ReadonlySet<string> {
  const all = collect([name], (stage) => (graph.neededBy.get(stage) ?? []).filter((other) => !isFrozen(graph, other)));
  return new Set(all.filter((other) => other !== name));
}
