import { metricsOf, type Drawn } from '../../../src/core/charts/charts.ts';
import type { ExportedChart } from '../../shared/export/charts.ts';
import { trainingDash, type RunLook } from './looks.ts';
import type { OrderedPicture } from './picture.ts';
import type { ChartPlan } from './plan.ts';

interface DrawnCard {
  readonly plan: ChartPlan;
  readonly looks: readonly RunLook[];
  readonly picture: OrderedPicture;
  /** Behind the title. */
  readonly detail: string;
  readonly axisName: string;
}

/** A card as it is drawn, with what tells its lines: colours say the run, and where it has several metrics dashes say which. */
export function toExported({ plan, looks, picture, detail, axisName }: DrawnCard): ExportedChart {
  const { card, lines } = plan;
  const runs = new Map(
    lines.map(({ label }, index) => {
      const { colour, dash } = looks[index] ?? { colour: picture.theme.dim, dash: [] };
      return [JSON.stringify([label, colour]), { label, colour, dash, width: 2 }];
    }),
  );
  const measures = card.measures.length === 1 ? [] : card.measures;
  const dashes = measures.map(({ text, role }) => ({
    ...{ label: text, colour: picture.theme.dim, width: 2 },
    dash: role === 'training' ? trainingDash : [],
  }));
  const { window, range, scale, ticks, x, ys, marks, rings, events } = picture;
  return {
    metrics: [...new Set(card.measures.flatMap(metricsOf))],
    chart: {
      ...{ title: card.title, detail, axis: axisName, window, range, scale, ticks, marks, rings, events },
      x: [...x],
      ys: ys.map(decodeRow),
      looks: picture.looks,
      names: [],
      areas: picture.areas.map((area) => ({ ...area, opacity: 1 })),
      keys: [...runs.values(), ...dashes],
    },
  };
}

/** As reports have it: nothing joins its neighbours, null ends the line. */
function decodeRow(row: Float64Array): Drawn['ys'][number] {
  return Array.from(row, (value) => (Number.isNaN(value) ? undefined : value === Infinity ? null : value));
}
