import type { StageState } from '../../src/protocol/pipeline.ts';

const circle = 'M13.5 8 A5.5 5.5 0 1 1 2.5 8 A5.5 5.5 0 1 1 13.5 8';

/** The sign of each state in a square of 16: shape and colour (style.css) say it, so that neither is needed alone. */
export const marks: Readonly<Record<StageState, { readonly lines: string; readonly filled?: string }>> = {
  'fresh': { lines: 'M3 8.5 L6.5 12 L13 4.5' },
  'stale': { lines: 'M8 2.5 L14 13 H2 Z M8 6.5 V9 M8 11 V11.1' },
  'never-run': { lines: circle },
  'blocked': { lines: circle },
  'running': { lines: circle, filled: 'M8 2.5 A5.5 5.5 0 0 1 8 13.5 Z' },
  'frozen': { lines: 'M3.5 7.5 H12.5 V13.5 H3.5 Z M5.5 7.5 V5.5 A2.5 2.5 0 0 1 10.5 5.5 V7.5' },
  'failed': { lines: 'M4 4 L12 12 M12 4 L4 12' },
  'needs-dvc': { lines: 'M5.5 5.5 A2.5 2.5 0 1 1 8 8.5 V10 M8 12.5 V12.6' },
};
