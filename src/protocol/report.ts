import type { RunsView } from './runsview.ts';

/** What a report shall tell of. */
export interface ReportRequest {
  readonly title: string;
  readonly view: RunsView;
  /** Ids, in their order; null: what the view shows. */
  readonly runIds: readonly string[] | null;
}

export const reportFormats = ['html', 'markdown'] as const;
export type ReportFormat = (typeof reportFormats)[number];

/** What a report that was written tells of. */
export interface WrittenReport {
  readonly bytes: number;
  readonly runs: number;
  readonly charts: number;
  /** What was left out, each a sentence. */
  readonly notes: readonly string[];
}
