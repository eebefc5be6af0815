import type { DataFile } from '../../core/data/data.ts';
import { dependentsOf, planWaits, type PipelineGraph, type Stage } from '../../core/pipeline/pipeline.ts';

/** What a run visits: a stage, or tracked data that a stage reads. */
export type Step =
  | { readonly name: string; readonly stage: Stage; readonly source?: undefined }
  | { readonly name: string; readonly stage?: undefined; readonly source: DataFile };

/** Which of the tracked data belongs to a run. */
export interface SourceSelection {
  /** What the run was asked for; empty: everything. */
  readonly stages: readonly string[];
  readonly single: boolean;
  readonly downstream: boolean;
}

/**
 * The stages, each behind the tracked data that it reads, as DVC visits them; without a target the data that nobody reads comes
 * last. Stages that are named to be run alone, or from them on, take their data as it stands.
 */
export function withSources(
  stages: readonly Stage[],
  { graph, data }: { readonly graph: PipelineGraph; readonly data: readonly DataFile[] },
  { single, downstream, stages: targets }: SourceSelection,
): readonly Step[] {
  const toStep = (stage: Stage): Step => ({ name: stage.name, stage });
  if (single || downstream) return stages.map(toStep);
  const left = new Map(data.map((file) => [file.name, file]));
  const take = (name: string): Step[] => {
    const source = left.get(name);
    left.delete(name);
    return source === undefined ? [] : [{ name, source }];
  };
  const steps = stages.flatMap((stage) => [
    ...(stage.frozen ? [] : (graph.sources.get(stage.name) ?? []).flatMap(take)),
    toStep(stage),
  ]);
  return targets.length > 0 ? steps : [...steps, ...[...left.keys()].flatMap(take)];
}

/**
 * {@link planWaits} for stages and tracked data together. No stage writes what a `.dvc` file tracks, so data and a stage share
 * files only where the stage reads them; a frozen one may come before its data: then that waits for the stage.
 */
export function waitsOf(steps: readonly Step[], graph: PipelineGraph): ReadonlyMap<string, readonly string[]> {
  const stages = steps.flatMap(({ stage }) => stage ?? []);
  const waits = new Map([...planWaits(graph, stages)].map(([name, others]) => [name, [...others]]));
  const sources = new Set(steps.flatMap(({ name, source }) => (source === undefined ? [] : [name])));
  const places = new Map(steps.map(({ name }, place) => [name, place]));
  const placeOf = (name: string): number => places.get(name) ?? Infinity;
  for (const source of sources) waits.set(source, []);
  for (const { name } of stages)
    for (const source of graph.sources.get(name)?.filter((other) => sources.has(other)) ?? []) {
      const isFirst = placeOf(source) < placeOf(name);
      waits.get(isFirst ? name : source)?.push(isFirst ? source : name);
    }
  return waits;
}

/** The stages that can't be right while this one is not. */
export function readersOf({ name, source }: Step, graph: PipelineGraph): readonly string[] {
  if (source === undefined) return [...dependentsOf(graph, name)];
  const readers = graph.stages.filter((stage) => graph.sources.get(stage.name)?.includes(name) === true);
  return readers.flatMap((reader) => [reader.name, ...dependentsOf(graph, reader.name)]);
}
