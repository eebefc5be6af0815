import type { StageState } from './pipeline.ts';

// The border between the extension and the page of the pipeline's graph. The page says `ready` and gets the whole graph; from
// then on it gets the states that changed, and the whole graph again when its stages or edges did. Messages to the page bear
// ascending numbers without gaps: a page that misses one asks to `resync`.

export const dagProtocolVersion = 1;

/** Type of the webview panel; also the key under which VS Code restores it. */
export const dagViewType = 'mlops.pipelineGraph';

/** How a stage or a group stands, in words of the user's language. */
export interface GraphState {
  readonly name: string;
  readonly state: StageState;
  /** What stands below its name, as `fresh · 2.1 s` or `training.lr changed`. */
  readonly words: string;
  /** The same for those who do not see the shape, as `stale, training.lr changed`. */
  readonly spoken: string;
}

/** A `foreach` or `matrix` with two members or more; its name is no stage's. */
export type GraphGroup = GraphState;

export interface GraphStage extends GraphState {
  /** Name of its group; null for a stage of its own. */
  readonly group: string | null;
  /** Names of the stages that must be done first. */
  readonly needs: readonly string[];
}

export interface GraphContent {
  /** In the order of dvc.yaml. */
  readonly stages: readonly GraphStage[];
  readonly groups: readonly GraphGroup[];
  /** What is wrong with dvc.yaml, in one sentence; the stages that could be read are drawn all the same. */
  readonly warning: string | null;
}

/** Why there is nothing to draw: one sentence, and one action that the page offers. */
export interface GraphNotice {
  readonly kind: 'loading' | 'empty' | 'broken';
  readonly text: string;
  readonly action: 'none' | 'retry' | 'addStage';
}

interface Numbered {
  readonly protocol: number;
  readonly sequence: number;
}

export type ToDagPage =
  | (Numbered & { readonly type: 'graph'; readonly graph: GraphContent })
  /** Of stages and groups that the page has already. */
  | (Numbered & { readonly type: 'states'; readonly states: readonly GraphState[] })
  | (Numbered & { readonly type: 'notice'; readonly notice: GraphNotice });

export type FromDagPage =
  | { readonly type: 'ready'; readonly protocol: number }
  /** A message is missing, or the user wants to try again: send everything. */
  | { readonly type: 'resync' }
  /** Show the line of a stage; a group's name stands for its first stage. */
  | { readonly type: 'open'; readonly name: string }
  | { readonly type: 'run'; readonly name: string; readonly downstream: boolean }
  | { readonly type: 'addStage' }
  | { readonly type: 'error'; readonly message: string };

/** What the page is loaded with; the extension restores a panel by `root`. */
export interface DagPageContext {
  readonly root: string;
  /** False in Restricted Mode, where nothing is run. */
  readonly mayRun: boolean;
}

/** Words of the page, in the user's language; `{0}` marks a place to be filled in. */
export type DagTexts = Readonly<
  Record<
    | 'title'
    | 'stages'
    | 'oneStage'
    | 'hint'
    | 'graphOf'
    | 'members'
    | 'needs'
    | 'needsNothing'
    | 'neededBy'
    | 'neededByNone'
    | 'collapsed'
    | 'expanded'
    | 'expand'
    | 'collapse'
    | 'expandAll'
    | 'collapseAll'
    | 'open'
    | 'run'
    | 'runDownstream'
    | 'zoomIn'
    | 'zoomOut'
    | 'zoomFit'
    | 'zoomLevel'
    | 'loading'
    | 'noConnection'
    | 'retry'
    | 'addStage'
    | 'ignored',
    string
  >
>;
