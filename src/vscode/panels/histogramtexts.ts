import type { HistogramText } from '../../protocol/histograms.ts';
import type { Localizer } from './texts.ts';

/** Of histograms over time, on the page of a run. */
export function histogramTexts(l10n: Localizer): Readonly<Record<HistogramText, string>> {
  return {
    histogramsOf: l10n.t(
      'Histograms of {0}: {1} steps, values from {2} to {3}. Left and right choose a step, up and down a value.',
    ),
    histogramAt: l10n.t('step {0}: {1} of {2} between {3} and {4}'),
    histogramEmpty: l10n.t('step {0} has no values'),
    histogramBars: l10n.t('Histogram of step {0}'),
    histogramStep: l10n.t('step'),
    histogramFrom: l10n.t('from'),
    histogramTo: l10n.t('to'),
    histogramCount: l10n.t('count'),
  };
}
