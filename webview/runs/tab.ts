import type { SeriesMessage } from '../../src/protocol/chartfeed.ts';
import type { PlotsMessage } from '../../src/protocol/plots.ts';
import type { PictureAnswer } from '../../src/protocol/pictures.ts';
import type { RunsView } from '../../src/protocol/runsview.ts';
import type { FromRunsPage, PageExport, RunsTexts } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import type { ExportedChart } from '../shared/export/charts.ts';
import type { Drawing } from '../shared/export/svgpen.ts';
import type { Theme } from '../shared/theme.ts';

/** What the page gives a tab, the same for as long as both live. */
export interface TabHost {
  readonly texts: RunsTexts;
  /** Root of the project that is shown now. */
  readonly project: () => string;
  /** False in Restricted Mode, where nothing is written. */
  readonly mayEdit: boolean;
  readonly post: (message: FromRunsPage) => void;
  /** Read out to those who hear the page. */
  readonly say: (words: string) => void;
  /** These runs are selected from now on, in the table as well. */
  readonly select: (runIds: readonly string[]) => void;
  /** Changes what can be saved as a view; the tab is drawn again. */
  readonly changeView: (part: Partial<RunsView>) => void;
  /** What VS Code keeps of this tab while the page is hidden, beside its view. */
  readonly readState: () => unknown;
  readonly writeState: (state: unknown) => void;
  /** Hands a file of some of its charts to the person. */
  readonly takeAway: (what: PageExport, name: string, charts: readonly ExportedChart[]) => void;
}

/** What there is to draw. Each list is the same object for as long as nothing of it has changed. */
export interface TabFacts {
  /** All that the filter leaves and that is not hidden, in the order of the table. */
  readonly shown: readonly RunSummary[];
  /** All there are. */
  readonly all: readonly RunSummary[];
  readonly selected: readonly RunSummary[];
  readonly view: RunsView;
  /** Name of the metric by which runs are judged. */
  readonly objective: string | null;
  readonly theme: Theme;
}

/** A way to look at the runs, in a panel of the page. Only the one that is looked at is drawn. */
export interface Tab {
  readonly root: HTMLElement;
  draw(facts: TabFacts): void;
  /** Another tab is looked at from now on; what draws by itself stops until it is drawn again. */
  leave(): void;
  receivePlots?(message: PlotsMessage): void;
  /** Also while another tab is looked at. */
  receive?(message: SeriesMessage | PictureAnswer): void;
  /** Its charts of lines as they are drawn now, in their order. */
  exported?(): readonly ExportedChart[];
  /** What it draws beside charts of lines. Tabs that have neither are taken away as pictures only. */
  drawing?(): Drawing | undefined;
}
