import { smoothingKinds } from '../../src/core/charts/charts.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import { createDropdown, createSlider } from '../shared/controls.ts';
import { element, setHidden } from '../shared/dom.ts';
import { formatWeight, type SmoothingChoice } from './plan.ts';
import { strongestSmoothing } from './state.ts';

interface SmoothingControl {
  readonly root: HTMLElement;
  draw(choice: SmoothingChoice): void;
}

/** How all lines of the page are smoothed, and how much. */
export function createSmoothing(texts: RunTexts, onChange: (choice: SmoothingChoice) => void): SmoothingControl {
  let shown: SmoothingChoice | undefined;
  const change = (part: Partial<SmoothingChoice>): void => {
    if (shown !== undefined) onChange({ ...shown, ...part });
  };
  const words: Readonly<Record<SmoothingChoice['kind'], string>> = {
    automatic: texts.smoothingAutomatic,
    off: texts.smoothingOff,
    exponential: texts.smoothingExponential,
    gaussian: texts.smoothingGaussian,
    mean: texts.smoothingMean,
  };
  const kinds = ['automatic', 'off', ...smoothingKinds] as const;
  const choices = kinds.map((kind) => ({ value: kind, label: words[kind] }));
  const kind = createDropdown(texts.smoothing, (value) => {
    const chosen = kinds.find((one) => one === value);
    if (chosen !== undefined && chosen !== shown?.kind) change({ kind: chosen });
  });
  const weight = createSlider(texts.smoothingWeight, {
    most: strongestSmoothing,
    step: 0.01,
    format: formatWeight,
    onInput: (value) => change({ weight: value }),
  });
  return {
    root: element(
      'div',
      { class: 'smoothing' },
      element('span', { class: 'dim' }, texts.smooth),
      kind.root,
      weight.root,
    ),
    draw(choice) {
      shown = choice;
      kind.update(choices, choice.kind);
      setHidden(weight.root, choice.kind === 'automatic' || choice.kind === 'off');
      weight.set(choice.weight);
    },
  };
}
