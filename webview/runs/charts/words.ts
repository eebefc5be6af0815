import { fillIn, formatCount, formatValue, type ChartAnswer } from '../../../src/core/charts/charts.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { AxisWords } from './axis.ts';
import type { ChartPlan } from './plan.ts';

interface CardWords {
  /** What is drawn, behind the title. */
  readonly subtitle: string;
  /** For those who do not see the chart. */
  readonly name: string;
  readonly best: string;
  /** Why there is nothing to see. */
  readonly notice: string | undefined;
}

interface WordFacts {
  readonly texts: RunsTexts;
  /** Undefined until it has come. */
  readonly answer: ChartAnswer | undefined;
  /** Points are still on their way. */
  readonly isReading: boolean;
  readonly axis: AxisWords;
  readonly selected: ReadonlySet<string>;
}

/** Longest name of a run beside its best point, in UTF-16 units. */
const longestName = 24;

export function describeCard(plan: ChartPlan, facts: WordFacts): CardWords {
  const { texts, answer } = facts;
  const best = describeBest(plan, facts);
  const count = plan.lines.length;
  const lines = count === 1 ? texts.chartsOneLine : fillIn(texts.chartsLines, formatCount(count));
  const subtitle = describeLines(plan, facts);
  return {
    subtitle,
    best,
    name: fillIn(texts.chartsOf, plan.card.title, [subtitle, lines, best].filter((words) => words !== '').join(', ')),
    notice: answer === undefined ? undefined : describeNothing(plan, answer, facts),
  };
}

function describeBest({ lines }: ChartPlan, { texts, answer, axis }: WordFacts): string {
  const best = answer?.best ?? null;
  if (best === null) return '';
  const [value, place] = [formatValue(best.value), axis.place(best.x)];
  const name = lines[best.line]?.label ?? '';
  const short = name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;
  return lines.length > 1 ? fillIn(texts.chartsBestOf, value, place, short) : fillIn(texts.chartsBestAt, value, place);
}

function describeLines({ card, ask }: ChartPlan, { texts, answer }: WordFacts): string {
  const scaleWords = { linear: '', log: texts.chartsLogWord, symlog: texts.chartsSymlogWord };
  const { smoothing } = ask;
  return [
    describeRoles(card, answer?.isDense === true, texts),
    card.axis === 'batch' ? texts.chartsByBatch : '',
    scaleWords[card.scale],
    smoothing === null ? '' : fillIn(texts.chartsSmoothedBy, smoothing.weight.toFixed(2)),
    (answer?.outside ?? 0) > 0 ? fillIn(texts.chartsOutside, formatCount(answer?.outside ?? 0)) : '',
  ]
    .filter((words) => words !== '')
    .join(' · ');
}

function describeRoles({ measures }: ChartPlan['card'], isDense: boolean, texts: RunsTexts): string {
  const roles = new Set(measures.map(({ role }) => role));
  if (measures.some(({ isExpression }) => isExpression)) return '';
  if (roles.has('training') && roles.size > 1) return isDense ? texts.chartsBothDense : texts.chartsBoth;
  return roles.has('training') ? texts.chartsTraining : roles.has('validation') ? texts.chartsValidation : '';
}

function describeNothing(
  { card }: ChartPlan,
  { whole, problem, ys, areas }: ChartAnswer,
  { texts, isReading }: WordFacts,
): string | undefined {
  if (problem !== null) return problem.message;
  if (whole === null) return isReading ? undefined : texts.chartsNoPoints;
  if (card.scale !== 'log' || areas.length > 0) return undefined;
  return ys.some((value) => value > 0 && value < Infinity) ? undefined : texts.chartsNoPositive;
}
