import type { FromRunsPage, PageExport, RunsTexts } from '../../src/protocol/runtable.ts';
import { toPng, toSvg, type ExportedChart } from '../shared/export/charts.ts';
import { takeSnapshot } from '../shared/export/snapshot.ts';
import { drawSvg, type Drawing } from '../shared/export/svgpen.ts';
import type { TabFacts } from './tab.ts';

export interface Exporting {
  readonly texts: Pick<RunsTexts, 'exportNothing'>;
  /** What the picture is called. */
  readonly name: string;
  readonly facts: Pick<TabFacts, 'shown' | 'selected' | 'view' | 'theme'>;
  /** Undefined for the table. */
  readonly root: HTMLElement | undefined;
  /** Of the tab that is looked at, or one of them. */
  readonly charts: readonly ExportedChart[];
  /** Where there are no charts of lines. */
  readonly drawing: Drawing | undefined;
  readonly post: (message: FromRunsPage) => void;
  readonly say: (words: string) => void;
}

type Take = (exporting: Exporting) => Promise<FromRunsPage | undefined> | FromRunsPage | undefined;

/** The selected runs, else all that are shown. */
function runsOf({ facts: { selected, shown } }: Exporting): readonly string[] {
  return (selected.length > 0 ? selected : shown).map(({ runId }) => runId);
}

function svgOf({ charts, drawing, facts: { theme } }: Exporting): ReturnType<typeof toSvg> | undefined {
  if (charts.length > 0) return toSvg(charts, theme);
  return drawing === undefined ? undefined : drawSvg(drawing);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const takes: Readonly<Record<PageExport, Take>> = {
  report: (own) => ({ type: 'report', format: 'html', runIds: runsOf(own), view: own.facts.view }),
  summary: (own) => ({ type: 'report', format: 'markdown', runIds: runsOf(own), view: own.facts.view }),
  async png(own) {
    const { facts, root, name } = own;
    const svg = svgOf(own);
    const bytes = svg === undefined ? root && (await takeSnapshot(root, facts.theme)) : await toPng(svg);
    return bytes === undefined ? undefined : { type: 'picture', kind: 'png', name, bytes };
  },
  svg(own) {
    const svg = svgOf(own);
    return svg === undefined ? undefined : { type: 'picture', kind: 'svg', name: own.name, bytes: encode(svg.text) };
  },
  csv(own) {
    const metrics = [...new Set(own.charts.flatMap((chart) => chart.metrics))];
    return metrics.length === 0 ? undefined : { type: 'points', name: own.name, runIds: runsOf(own), metrics };
  },
};

/** Hands what is asked for to the extension, which asks where it goes; where there is nothing, that is said. */
export async function takeAway(what: PageExport, exporting: Exporting): Promise<void> {
  const message = await takes[what](exporting);
  if (message === undefined) exporting.say(exporting.texts.exportNothing);
  else exporting.post(message);
}
