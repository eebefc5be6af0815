import type { LastEnd, StageState, StaleReason } from './pipeline.ts';
import type { Problem } from './problem.ts';

// What the editor asks about the text of dvc.yaml and its neighbours, and what it is told. Files are relative to the project's
// root with forward slashes. Lines and columns count from 1, columns in UTF-16 units.

/** A text as it stands in the editor, saved or not. */
export interface OpenText {
  readonly file: string;
  readonly text: string;
}

export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** From its first place to the one behind its last. */
export interface TextRange extends TextPosition {
  readonly endLine: number;
  readonly endColumn: number;
}

export interface TextEdit {
  readonly file: string;
  readonly range: TextRange;
  readonly text: string;
}

/** A way to mend a problem. Only `untrack` changes more than texts; the editor asks before it. */
export type Fix =
  | { readonly kind: 'replace'; readonly by: string; readonly edits: readonly TextEdit[] }
  | { readonly kind: 'remove'; readonly what: string; readonly edits: readonly TextEdit[] }
  | {
      readonly kind: 'add-param';
      readonly key: string;
      readonly paramsFile: string;
      readonly edits: readonly TextEdit[];
    }
  | { readonly kind: 'create-file'; readonly file: string; readonly text: string }
  | { readonly kind: 'untrack'; readonly file: string };

/** A problem with the text that it is about, and what can be done. */
export interface Finding extends Problem, TextRange {
  readonly fixes: readonly Fix[];
}

/** What stands above a stage, or a group of stages, in its dvc.yaml. */
export interface StageLens {
  /** Address of the stage or group, as commands take it. */
  readonly stage: string;
  readonly line: number;
  readonly isGroup: boolean;
  /** Stages that it stands for; 0 when the pipeline does not know it (yet). */
  readonly members: number;
  /** The most urgent one of a group. Null when the pipeline does not know it. */
  readonly state: StageState | null;
  /** Members in this state. */
  readonly count: number;
  readonly reasons: readonly StaleReason[];
  /** The stage that a blocked one waits for. */
  readonly waitsFor: string | null;
  readonly seconds: number | null;
  readonly last: LastEnd | null;
}

/** Where the cursor stands in which text. */
export interface TextQuestion extends OpenText, TextPosition {}

export interface Completion {
  readonly kind: 'key' | 'value' | 'file' | 'folder' | 'param' | 'variable';
  readonly label: string;
  /** What takes the place of `range`. With `$0` for the cursor when `isSnippet`. */
  readonly text: string;
  readonly isSnippet: boolean;
  readonly range: TextRange;
  /** A value, or what makes the file. */
  readonly detail: string;
  /** A sentence of the schema's table; '' for none. */
  readonly description: string;
  /** What is offered stands in the order of these. */
  readonly rank: number;
}

/** What is known about the text under the mouse. */
export type Hover = TextRange &
  (
    | { readonly kind: 'key'; readonly key: string; readonly description: string }
    | {
        readonly kind: 'path';
        readonly path: string;
        readonly role: 'dep' | 'out';
        /** Null: nothing is there. */
        readonly size: { readonly files: number; readonly bytes: number } | 'many' | null;
        /** As the status of the stages says; null where nothing tracks it. */
        readonly state: PathState | null;
        readonly madeBy: readonly string[];
        readonly usedBy: readonly string[];
      }
    | { readonly kind: 'variable'; readonly name: string; readonly sources: readonly VariableSource[] }
    | {
        readonly kind: 'param';
        readonly key: string;
        readonly paramsFile: string;
        /** As YAML writes it; null: there is none. */
        readonly current: string | null;
        readonly locked: string | null;
      }
  );

export interface VariableSource {
  readonly value: string;
  readonly file: string;
  readonly line: number | null;
}

export type PathState = 'fresh' | 'stale' | 'modified' | 'missing' | 'not-in-cache';

/** A tracked file or folder that is not as its stage left it. */
export interface Decoration {
  readonly path: string;
  readonly state: Exclude<PathState, 'fresh'>;
  /** The stage that makes it; null for data that is tracked by itself. */
  readonly stage: string | null;
  /** What says it of a file that is not there itself: the folder that should hold it, or the file that names it. */
  readonly shownAt?: string;
}
