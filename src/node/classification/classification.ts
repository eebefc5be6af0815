// The door of classification: what runs have left of their models' answers, and the examples behind them.
export { readAnswers } from './answers.ts';
export { readCell, type CellOptions } from './cell.ts';
export type { CellChoice } from './choosing.ts';
