import { deflateSync } from 'node:zlib';
import { drawPlot, resolvePlots, type PlotProps } from '../../src/core/plots/plots.ts';
import { parsePlotData } from '../../src/core/plots/plots.ts';
import type { DrawnPlot } from '../../src/protocol/plots.ts';

/** Plots of a project in some revisions, made as the engine makes them. */
export interface Sample {
  readonly id: string;
  readonly props?: PlotProps;
  readonly template?: unknown;
  /** Text of its file in a revision; `seed` counts them. */
  readonly text: (seed: number) => string;
}

export function drawSamples(samples: readonly Sample[], revisions: readonly string[]): readonly DrawnPlot[] {
  return samples.flatMap(({ id, props = {}, template, text }) => {
    const own = revisions.map((revision, seed) => {
      const { value } = parsePlotData(text(seed), id, { header: true });
      const data = new Map(value === undefined ? [] : [[id, value]]);
      const definitions = new Map([[id, { id, config: 'dvc.yaml', props, place: null }]]);
      return { revision, definitions, data, images: new Map<string, Uint8Array>() };
    });
    const { plots } = resolvePlots(own, new Map(template === undefined ? [] : [[props.template ?? '', template]]));
    return plots.flatMap((plot) => drawPlot(plot) ?? []);
  });
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const noise = (index: number): number => (((Math.sin(index * 12.9898) * 43758.5453) % 1) + 1) % 1;
const animals = ['cat', 'dog', 'fox', 'hare'];

export const areaTemplate = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  data: { values: '<DVC_METRIC_DATA>' },
  width: '<DVC_METRIC_PLOT_WIDTH>',
  height: '<DVC_METRIC_PLOT_HEIGHT>',
  mark: { type: 'area', opacity: 0.4, line: true },
  transform: [{ calculate: 'datum.loss * 2', as: 'twice' }],
  encoding: {
    x: { field: '<DVC_METRIC_X>', type: 'quantitative', title: '<DVC_METRIC_X_LABEL>' },
    y: { field: 'twice', type: 'quantitative', title: 'twice <DVC_METRIC_Y_LABEL>', stack: null },
    color: '<DVC_METRIC_COLOR>',
  },
};

/** Of every kind one. */
export const samples: readonly Sample[] = [
  {
    id: 'dvclive/plots/metrics/loss.tsv',
    props: { x: 'step', y: 'loss' },
    text: (seed) =>
      `step\tloss\n${range(40)
        .map((step) => `${step}\t${(1 / (1 + step / (4 + 2 * seed)) + 0.06 * noise(step + 50 * seed)).toFixed(4)}`)
        .join('\n')}`,
  },
  {
    id: 'reports/smooth.csv',
    props: { template: 'smooth', x: 'step', y: ['train', 'val'], title: 'Accuracy' },
    text: (seed) =>
      `step,train,val\n${range(60)
        .map((step) =>
          [
            step,
            1 - 1 / (1 + step / (5 + seed)),
            0.94 - 0.9 / (1 + step / (6 + seed)) + 0.1 * noise(step + seed),
          ].join(),
        )
        .join('\n')}`,
  },
  {
    id: 'dvclive/plots/sklearn/roc.json',
    props: {
      template: 'simple',
      x: 'fpr',
      y: 'tpr',
      title: 'Receiver operating characteristic (ROC)',
      xLabel: 'False Positive Rate',
      yLabel: 'True Positive Rate',
    },
    text: (seed) =>
      JSON.stringify({
        roc: range(12).map((at) => ({
          fpr: Math.floor(at / 2) / 5,
          tpr: Math.min(1, (at / 11) ** (0.3 + seed / 6)),
          threshold: 1 - at / 11,
        })),
      }),
  },
  {
    id: 'embedding.json',
    props: { template: 'scatter', x: 'x', y: 'y' },
    text: (seed) =>
      JSON.stringify(range(80).map((at) => ({ x: noise(at + seed) * 10 + seed, y: noise(at * 7 + seed) * 4 - seed }))),
  },
  {
    id: 'importance.csv',
    props: { template: 'bar_horizontal_sorted', x: 'importance', y: 'name', title: 'Feature importance' },
    text: (seed) =>
      `name,importance\n${[
        'age',
        'weight',
        'a name that is far too long for the room that there is',
        'height',
        'income',
      ]
        .map((name, at) => `${name},${(0.1 + noise(at + seed)).toFixed(3)}`)
        .join('\n')}`,
  },
  {
    id: 'dvclive/plots/sklearn/cm.json',
    props: { template: 'confusion', x: 'actual', y: 'predicted', title: 'Confusion Matrix' },
    text: (seed) =>
      JSON.stringify(
        range(120).map((at) => ({
          actual: animals[at % 4],
          predicted: noise(at + seed) > 0.12 * (seed + 1) ? animals[at % 4] : animals[(at + 1) % 4],
        })),
      ),
  },
  {
    id: 'cm_normalized.json',
    props: { template: 'confusion_normalized', x: 'actual', y: 'predicted' },
    text: () =>
      JSON.stringify(
        range(24).map((at) => ({ actual: String(at % 12), predicted: String(at % 7 === 0 ? 3 : at % 12) })),
      ),
  },
  {
    id: 'own.csv',
    props: { template: 'area', x: 'step', y: 'loss', title: 'Drawn by its own template' },
    template: areaTemplate,
    text: (seed) =>
      `step,loss\n${range(20)
        .map((step) => `${step},${1 / (1 + step / (3 + seed))}`)
        .join('\n')}`,
  },
  {
    id: 'jitter.json',
    props: { template: 'scatter_jitter', x: 'actual', y: 'predicted' },
    text: (seed) =>
      JSON.stringify(
        range(60).map((at) => ({ actual: animals[at % 4], predicted: animals[Math.floor(noise(at + seed) * 4)] })),
      ),
  },
  { id: 'nothing.csv', text: () => 'step,loss\n' },
];

/** A picture of one colour as PNG. */
export function makePng(red: number, green: number, blue: number, size = 48): Uint8Array {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.from([0, 0, 0, size, 0, 0, 0, size, 8, 2, 0, 0, 0]);
  const row = Buffer.concat([
    Buffer.from([0]),
    Buffer.concat(range(size).map((at) => Buffer.from([red, green, Math.min(255, blue + at * 3)]))),
  ]);
  const pixels = deflateSync(Buffer.concat(range(size).map(() => row)));
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return new Uint8Array(
    Buffer.concat([mark, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]),
  );
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return (value ^ 0xffffffff) >>> 0;
}
