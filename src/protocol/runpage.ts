import type { CellExamples } from './answers.ts';
import type { Histograms } from './histograms.ts';
import type { PictureAnswer, PictureQuestion } from './pictures.ts';
import type { ArtifactEntry, Objective, RunDataset } from './tracking.ts';

// What the run page asks for when somebody looks at it: what is known of a run beside its curves, and its artifacts. These messages bear no
// number: each answers a question, and a page that was loaded anew asks again.

/** What a person reads of a run beside its points and params. */
export interface RunAbout {
  /** In Markdown; '' without. */
  readonly note: string;
  /** False where the store is only read, and in Restricted Mode. */
  readonly mayEdit: boolean;
  readonly tags: readonly (readonly [name: string, text: string])[];
  readonly datasets: readonly RunDataset[];
  /** Ids of logged models that went into it. */
  readonly models: readonly string[];
  /** The commit and the config that it was made from, where both are known. */
  readonly origin: { readonly commit: string; readonly config: string } | null;
  /** Which way each of its metrics is better; of those that are left out nobody knows. */
  readonly directions: readonly (readonly [metric: string, direction: Objective['direction']])[];
}

/** What is shown of an artifact. Text is never markup; `isCut`: only its beginning is there. */
export type ArtifactView =
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean }
  | TableView
  /** JSON that can be drawn, or must be said to be broken, with its text. */
  | {
      readonly kind: 'drawn';
      readonly drawn: TableView | BrokenView | { readonly kind: 'histograms'; readonly histograms: Histograms };
      readonly source: { readonly text: string; readonly isCut: boolean };
    }
  | { readonly kind: 'image'; readonly bytes: Uint8Array; readonly mediaType: string }
  /** `binary`: no text and no picture; `large`: a picture that is too much for a page. */
  | { readonly kind: 'none'; readonly why: 'binary' | 'large' }
  | BrokenView;

interface TableView {
  readonly kind: 'table';
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly isCut: boolean;
}

/** A sentence why it can't be read. */
interface BrokenView {
  readonly kind: 'broken';
  readonly text: string;
}

interface Answer {
  readonly protocol: number;
  readonly runId: string;
}

export type RunPageAnswer =
  | PictureAnswer
  | (Answer & { readonly type: 'about'; readonly about: RunAbout })
  /** `trouble`: why there are none to show; null when these are all. */
  | (Answer & {
      readonly type: 'artifacts';
      readonly folder: string;
      readonly entries: readonly ArtifactEntry[];
      readonly trouble: string | null;
    })
  | (Answer & { readonly type: 'artifact'; readonly path: string; readonly view: ArtifactView })
  | (Answer & {
      readonly type: 'examples';
      readonly actual: string;
      readonly predicted: string;
      readonly found: CellExamples;
    });

export type RunPageQuestion =
  | PictureQuestion
  | { readonly type: 'readAbout'; readonly runId: string }
  | { readonly type: 'listArtifacts'; readonly runId: string; readonly folder: string }
  | { readonly type: 'readArtifact'; readonly runId: string; readonly path: string }
  /** Of a cell of the confusion matrix, by the names of its classes. */
  | {
      readonly type: 'readExamples';
      readonly runId: string;
      readonly actual: string;
      readonly predicted: string;
    }
  /** In an editor of its own, read-only. */
  | { readonly type: 'openArtifact'; readonly runId: string; readonly path: string }
  | { readonly type: 'openConfig'; readonly runId: string }
  /** Answered with `about` when it is saved. */
  | { readonly type: 'saveNote'; readonly runId: string; readonly text: string };

/** The code of a run: its commit, and the changes against it that were kept as the artifact `mlops/dirty.patch`. */
export interface CodeOfRun {
  readonly runId: string;
  readonly name: string;
  readonly commit: string;
  readonly hasPatch: boolean;
}

/** What differs between the commits of two runs, among the project's files. */
export interface CodeComparison {
  readonly before: CodeOfRun;
  readonly after: CodeOfRun;
  readonly files: readonly { readonly path: string; readonly inBefore: boolean; readonly inAfter: boolean }[];
}
