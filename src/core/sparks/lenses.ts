import { isMap, isScalar, type Pair } from 'yaml';
import type { OpenText } from '../../protocol/editing.ts';
import type { ConfigLens, ParamLens, TuningLens } from '../../protocol/sparks.ts';
import { findDimensionMistake, parseConfig, tuningSettings, type ModelConfig } from '../config/config.ts';
import { planSweep, predictSeconds } from '../sweep/sweep.ts';
import { readYamlLoosely, type LooseYaml } from '../yaml/yaml.ts';
import { isHyperparameter, tunedSections } from './hyperparameters.ts';
import { sparkOf, type TriedRuns } from './profile.ts';

/** What is known beside the text. */
export interface ConfigFacts {
  readonly tried: TriedRuns;
  /** The model has a file `hyperparameters_tuning.ts`. */
  readonly hasTuningCode: boolean;
}

/**
 * What stands above the lines of a config: the hyperparameters of which the runs have tried several values, and the search. A text in
 * the making keeps the lines that it has, so that nothing jumps while somebody types.
 */
export function toConfigLenses(open: OpenText, facts: ConfigFacts): readonly ConfigLens[] {
  const yaml = readYamlLoosely(open.text.replace(/^\uFEFF/, ''));
  if (yaml === undefined) return [];
  return [...toParamLenses(yaml, facts), ...toTuningLenses(yaml, open, facts)].sort((a, b) => a.line - b.line);
}

function toParamLenses(yaml: LooseYaml, { tried }: ConfigFacts): readonly ParamLens[] {
  return tunedSections.flatMap((section) =>
    pairsOf(findPair(yaml.document.contents, section)?.value).flatMap((pair): readonly ParamLens[] => {
      const name = nameOf(pair);
      const key = `${section}.${name}`;
      const spark = isHyperparameter(section, name) ? sparkOf(tried, key) : undefined;
      return spark === undefined ? [] : [{ about: 'param', line: lineOf(pair, yaml), key, ...spark }];
    }),
  );
}

function toTuningLenses(yaml: LooseYaml, source: OpenText, facts: ConfigFacts): readonly TuningLens[] {
  const pair = findPair(yaml.document.contents, 'hyperparameter_tuning');
  if (pair === undefined) return [];
  const { value: config } = parseConfig(source.text, source.file);
  return [
    {
      about: 'tuning',
      line: lineOf(pair, yaml),
      mayDiffer: facts.hasTuningCode,
      pacedBy: facts.tried.pace?.runs ?? 0,
      ...(config === undefined ? noPlan : foresee(config, source.file, facts.tried)),
    },
  ];
}

const noPlan = { plan: null, mistake: '', seconds: null };

function foresee(
  config: ModelConfig,
  file: string,
  { objective, pace }: TriedRuns,
): Pick<TuningLens, 'plan' | 'mistake' | 'seconds'> {
  const tuning = config.hyperparameter_tuning;
  const dimensions = Object.entries(tuning).filter(([key]) => !tuningSettings.has(key));
  if (dimensions.length === 0 || dimensions.some(([, value]) => findDimensionMistake(value) !== undefined))
    return noPlan;
  const wishes = { strategy: undefined, trials: undefined, overrides: [], objective, tuning, refusesSome: false };
  const planned = planSweep(file, config, wishes);
  if ('mistake' in planned) return { ...noPlan, mistake: planned.mistake };
  const { plan } = planned;
  return {
    plan: { strategy: plan.strategy, trials: plan.assignments.length },
    mistake: '',
    seconds: predictSeconds({ plan, trials: [] }, pace, 1),
  };
}

function pairsOf(map: unknown): readonly Pair[] {
  return isMap(map) ? map.items : [];
}

function findPair(map: unknown, name: string): Pair | undefined {
  return pairsOf(map).find((pair) => nameOf(pair) === name);
}

function nameOf({ key }: Pair): string {
  return isScalar(key) ? String(key.value) : '';
}

function lineOf({ key }: Pair, { lines }: LooseYaml): number {
  const start = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
  return Math.max(1, lines.linePos(start).line);
}
