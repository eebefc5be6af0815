import type { ConfigLens, ParamLens, RunCourse, Spark, TuningLens } from '../../protocol/sparks.ts';
import { formatDuration, formatValue } from '../charts/charts.ts';
import type { Target, Translate } from '../trees/trees.ts';
import { clipWorst, listBlocks, toBlocks } from './blocks.ts';

/** A line above a hyperparameter that can be clicked; without a command it only says something. */
export interface ConfigLensTitle {
  readonly title: string;
  readonly command?: 'mlops.showRunChart' | 'mlops.addToGrid' | 'mlops.sweep';
  readonly target?: Target;
}

interface Surroundings {
  readonly project: string;
  readonly file: string;
  readonly model: string;
  /** False: nothing that runs something is offered. */
  readonly trusted: boolean;
  readonly t: Translate;
}

/** Of more words the best are named. */
const MOST_WORDS = 4;

export function toConfigLensTitles(lens: ConfigLens, surroundings: Surroundings): readonly ConfigLensTitle[] {
  return lens.about === 'param' ? toParamTitles(lens, surroundings) : toTuningTitles(lens, surroundings);
}

function toParamTitles(
  lens: ParamLens,
  { project, file, model, trusted, t }: Surroundings,
): readonly ConfigLensTitle[] {
  const { best, objective, key } = lens;
  const hyperparameter: Target = { kind: 'hyperparameter', project, model, file, key };
  return [
    {
      title: t('best {0} ({1} {2})', best.text, objective.metric, formatValue(best.value)),
      command: 'mlops.showRunChart',
      target: { kind: 'run', project, runId: best.runId },
    },
    { title: describeSpark(lens, t) },
    ...(trusted ? [{ title: t('Add to Grid …'), command: 'mlops.addToGrid', target: hyperparameter } as const] : []),
  ];
}

/** `0.0001 █▄▁▂ 0.1 in 12 runs, lower is better`, `relu ▁ tanh █ in 5 runs, higher is better`. */
export function describeSpark(spark: Spark, t: Translate): string {
  const { objective, runs } = spark;
  const picture = spark.kind === 'numbers' ? drawNumbers(spark) : drawWords(spark, t);
  return objective.direction === 'minimize'
    ? t('{0} in {1} runs, lower is better', picture, runs)
    : t('{0} in {1} runs, higher is better', picture, runs);
}

function drawNumbers({ bars, objective }: Spark): string {
  return `${bars[0]?.from} ${toBlocks(heightsOf(bars, objective))} ${bars.at(-1)?.to}`;
}

function drawWords({ bars, objective }: Spark, t: Translate): string {
  const blocks = listBlocks(heightsOf(bars, objective));
  const words = bars.slice(0, MOST_WORDS).map(({ from }, index) => `${from} ${blocks[index]}`);
  return [...words, ...(bars.length > MOST_WORDS ? [t('{0} more', bars.length - MOST_WORDS)] : [])].join(' ');
}

function heightsOf(bars: Spark['bars'], { direction }: Spark['objective']): readonly (number | null)[] {
  return clipWorst(
    bars.map(({ value }) => value),
    direction,
  );
}

function toTuningTitles(
  lens: TuningLens,
  { project, file, model, trusted, t }: Surroundings,
): readonly ConfigLensTitle[] {
  const words = describeTuning(lens, t);
  return [
    ...(words === '' ? [] : [{ title: words }]),
    ...(trusted
      ? ([
          {
            title: t('Run Sweep …'),
            command: 'mlops.sweep',
            target: { kind: 'config', project, model, file },
          },
        ] as const)
      : []),
  ];
}

/** `12 trials (grid) by the config · about 24 min, by 5 runs`; without runs nothing is said of the time. */
function describeTuning({ plan, mistake, mayDiffer, seconds, pacedBy }: TuningLens, t: Translate): string {
  if (plan === null) return mistake;
  const trials =
    plan.trials === 1 ? t('1 trial ({0})', plan.strategy) : t('{0} trials ({1})', plan.trials, plan.strategy);
  const told = mayDiffer ? t('{0} by the config', trials) : trials;
  return seconds === null ? told : `${told} · ${describeTime(seconds, pacedBy, t)}`;
}

/** `about 24 min, by 5 runs`: a prediction says what it stands on. */
export function describeTime(seconds: number, pacedBy: number, t: Translate): string {
  const time = formatDuration(seconds);
  return pacedBy === 1 ? t('about {0}, by 1 run', time) : t('about {0}, by {1} runs', time, pacedBy);
}

/** `val_loss over 24 points: from 0.2 to 0.9, best 0.2, last 0.25`. */
export function describeCourse({ metric, points, least, greatest, last, best }: RunCourse, t: Translate): string {
  const extent = t('{0} over {1} points: {2} to {3}', metric, points, formatValue(least), formatValue(greatest));
  const ends = [best === null ? '' : t('best {0}', formatValue(best.value)), t('last {0}', formatValue(last))];
  return [extent, ...ends.filter((end) => end !== '')].join(', ');
}
