// The door of classification: how good a model's answers are, from labels, answers and scores.
export { toClassified } from './classified.ts';
export { countConfusion, type Confusion } from './confusion.ts';
