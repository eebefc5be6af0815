import { fillIn } from '../../../../src/core/charts/charts.ts';

/** `vscode.l10n.t` without a translation. */
export const t = (sentence: string, ...values: (string | number | boolean)[]): string =>
  fillIn(sentence, ...values.map(String));
