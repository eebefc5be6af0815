import type { RelationsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import type { RelationsModel } from './model.ts';

/** What a kind of chart is given. */
export interface KindHost {
  readonly texts: RunsTexts;
  readonly model: RelationsModel;
  readonly say: (words: string) => void;
  readonly change: (part: Partial<RelationsView>) => void;
  /** These brushes from now on, and what is in them is selected. */
  readonly brush: (brushes: RelationsView['brushes']) => void;
  readonly select: (runIds: readonly string[]) => void;
  readonly open: (runId: string) => void;
  /** Tells how many runs are in brushes that are still being drawn. */
  readonly count: (count: number) => void;
}

/** The numbers behind a chart, as a table. */
export interface NumbersTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows that are left out. */
  readonly more: number;
}

/** One of the kinds of charts. */
export interface Kind {
  readonly root: HTMLElement;
  /** What of it is chosen in the bar. */
  readonly controls?: readonly HTMLElement[];
  draw(): void;
  leave(): void;
  numbers(): NumbersTable;
  /** As it stands now, to be taken away; undefined where nothing is drawn. */
  drawing(): Drawing | undefined;
}

/** Rows that the table of numbers holds. */
export const mostRows = 500;
