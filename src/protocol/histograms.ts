// How often values fell into bins, step by step, as a run leaves it in an artifact and the page of the run draws it.

export interface Histograms {
  /** In ascending order. */
  readonly steps: readonly number[];
  /** One list for all steps, or one for each: bin i lies between edge i and the next one. */
  readonly edges: readonly (readonly number[])[];
  /** A list for each step, a number for each bin. */
  readonly counts: readonly (readonly number[])[];
}

/** Words of what draws them. */
export type HistogramText =
  | 'histogramsOf'
  | 'histogramAt'
  | 'histogramEmpty'
  | 'histogramBars'
  | 'histogramStep'
  | 'histogramFrom'
  | 'histogramTo'
  | 'histogramCount';
