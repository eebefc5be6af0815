/** What a model's file is. */
export type ModelFormat =
  'mlmodel' | 'tfjs' | 'onnx' | 'savedmodel' | 'keras' | 'hdf5' | 'pickle' | 'joblib' | 'pytorch' | 'unknown';

/** An input or an output. A number in a shape is a size, -1 any size, a text a size that has a name. Null: of any rank, or not said. */
export interface TensorFact {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[] | null;
}

/** A layer, or a tensor of weights. */
export interface PartFact {
  readonly name: string;
  /** Class of the layer, or type of the numbers. */
  readonly kind: string;
  readonly shape: readonly (number | string)[] | null;
  /** How many numbers it has learnt; null where the file does not say. */
  readonly parameters: number | null;
}

/** Something that could not be read. What is told beside it stands before it, or does not depend on it. */
export interface InspectionProblem {
  /** In bytes from the beginning of the file, or of what was unpacked of it; null where it has no place. */
  readonly offset: number | null;
  readonly message: string;
}

/** Whether loading the file in the program it is made for can run code that is in it. */
export type CodeRisk = 'yes' | 'no' | 'unknown';

/** What a file says of itself. Nothing of it was executed, imported or loaded. */
export interface FileInspection {
  /** From the folder that was asked about, with forward slashes; a file's own name otherwise. */
  readonly path: string;
  readonly format: ModelFormat;
  readonly bytes: number;
  readonly facts: Readonly<Record<string, string | number>>;
  readonly inputs: readonly TensorFact[];
  readonly outputs: readonly TensorFact[];
  readonly parts: readonly PartFact[];
  /** How many operations of each kind, the most frequent first. */
  readonly operations: Readonly<Record<string, number>>;
  /** What a pickle imports, as `module.name`. */
  readonly imports: readonly string[];
  readonly canExecuteCode: CodeRisk;
  /** Why it can, or why nobody knows. */
  readonly reasons: readonly string[];
  readonly problems: readonly InspectionProblem[];
}

/** `mlops models inspect --json`. */
export interface ModelInspection {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** The riskiest of its files. */
  readonly canExecuteCode: CodeRisk;
  readonly files: readonly FileInspection[];
}
