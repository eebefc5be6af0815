import type { CodeRisk, InspectionProblem, ModelFormat, PartFact, TensorFact } from '../../protocol/inspect.ts';
import { FormatFailure, type ByteSource } from './bytes.ts';

/** What a reader has found so far. A reader that fails leaves what it had: the file is told as far as it goes. */
export interface Draft {
  format: ModelFormat;
  readonly facts: Record<string, string | number>;
  readonly inputs: TensorFact[];
  readonly outputs: TensorFact[];
  readonly parts: PartFact[];
  readonly operations: Map<string, number>;
  readonly imports: Set<string>;
  canExecuteCode: CodeRisk;
  readonly reasons: string[];
  readonly problems: InspectionProblem[];
}

/** Unpacks bytes; `isWhole` is false when they were cut, damaged or longer than `limit`: what there is, is given. */
export type Unpack = (
  kind: 'zlib' | 'gzip' | 'raw',
  bytes: Uint8Array,
  limit: number,
) => { readonly bytes: Uint8Array; readonly isWhole: boolean };

export interface Reading {
  readonly source: ByteSource;
  readonly draft: Draft;
  readonly unpack: Unpack;
}

/** What is listed of one file at most; the rest is counted. */
const MAX_PARTS = 2000;

export function createDraft(format: ModelFormat): Draft {
  return {
    ...{ format, facts: {}, inputs: [], outputs: [], parts: [], operations: new Map(), imports: new Set() },
    ...{ canExecuteCode: 'no', reasons: [], problems: [] },
  };
}

export function countOperation(draft: Draft, name: string): void {
  draft.operations.set(name, (draft.operations.get(name) ?? 0) + 1);
}

export function addPart(draft: Draft, part: PartFact): void {
  if (draft.parts.length < MAX_PARTS) draft.parts.push(part);
}

/** Runs a reader; where it fails becomes a problem. */
export function attempt(draft: Draft, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof FormatFailure)) throw error;
    draft.problems.push({ offset: error.offset, message: `${error.message}.` });
  }
}
