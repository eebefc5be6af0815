import { fillIn } from '../../../src/core/charts/charts.ts';
import { fillTemplate } from '../../../src/core/plots/plots.ts';
import { parsePointsPlot } from '../../../src/protocol/plotscodec.ts';
import type { PointsPlot } from '../../../src/protocol/plots.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { BodyOf, CardTools, PlotLook } from './card.ts';

/** Any other template, by Vega, which is loaded when the first of them is to be drawn. */
export function createVega({ texts, isTrusted }: CardTools): BodyOf<'vega'> {
  const holder = element('div', { class: 'vega', role: 'region', tabindex: '0' });
  const words = element('p', { class: 'dim' }, texts.plotsDrawing);
  const root = element('div', { class: 'vega-card' }, holder, words);
  let drawing = 0;
  let finish: (() => void) | undefined;

  const show = async (text: string, look: PlotLook, number: number): Promise<void> => {
    const plot = parsePointsPlot(text);
    if (plot === undefined) throw new Error(texts.ignored);
    const { renderVega } = await import('./vega.ts');
    if (number !== drawing) return;
    finish?.();
    const named = nameRevisions(plot, look.names);
    const colours = revisionsOf(plot).map(
      (revision) => look.revisions.find((one) => one.revision === revision)?.colour ?? look.theme.dim,
    );
    const { spec } = fillTemplate(plot.ownTemplate, named, { colours, ...sizeOf(root) });
    const { refused, destroy } = await renderVega(holder, spec, look.theme);
    finish = destroy;
    setHidden(words, refused.length === 0);
    setText(words, refused.length === 0 ? '' : fillIn(texts.plotsRefused, refused.join(', ')));
  };
  return {
    root,
    draw({ title, plot }, look) {
      holder.setAttribute('aria-label', title);
      drawing += 1;
      const number = drawing;
      if (!isTrusted) {
        setText(words, texts.plotsTrust);
        return;
      }
      show(plot, look, number).catch((error: unknown) => {
        if (number !== drawing) return;
        holder.replaceChildren();
        setHidden(words, false);
        setText(words, fillIn(texts.plotsBroken, error instanceof Error ? error.message : String(error)));
      });
    },
    destroy() {
      drawing += 1;
      finish?.();
    },
  };
}

/** Axes, legend and their titles take about so much of a card. */
const around = { width: 80, height: 110 } as const;

function sizeOf({ clientWidth, clientHeight }: HTMLElement): { readonly width: number; readonly height: number } {
  return { width: Math.max(160, clientWidth - around.width), height: Math.max(140, clientHeight - around.height) };
}

function revisionsOf({ series }: PointsPlot): readonly string[] {
  return [...new Set(series.filter(({ rows }) => rows.length > 0).map(({ revision }) => revision))];
}

/** People know runs, not hashes. */
function nameRevisions(plot: PointsPlot, names: ReadonlyMap<string, string>): PointsPlot {
  const series = plot.series.map((one) => {
    const revision = names.get(one.revision) ?? one.revision;
    return { ...one, revision, rows: one.rows.map((row) => ({ ...row, rev: revision })) };
  });
  return { ...plot, series };
}
