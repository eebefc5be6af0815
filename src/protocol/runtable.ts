import type { ChartFeedQuestion, SeriesMessage } from './chartfeed.ts';
import type { PlotsMessage, PlotsQuestion } from './plots.ts';
import type { PlotsWord } from './plotswords.ts';
import type { PictureAnswer, PictureQuestion, PictureText } from './pictures.ts';
import type { RunsView } from './runsview.ts';
import type { RelationsText } from './relationstexts.ts';
import type { ChartsWord } from './chartwords.ts';
import type { UnreadableRun } from './tracking.ts';

// The border between the extension and the page of runs. The page says `ready` and gets every run, in parts; from then on only the
// runs that changed. It holds them all and sorts, filters and groups by itself, so that nothing waits for a message. Runs travel as
// bytes (`runtablecodec.ts`) that the extension host hands on unread. Messages to the page that bear a number ascend without gaps: a
// page that misses one asks to `resync`.

export const runTableProtocolVersion = 1;

/** Type of the webview panel; also the key under which VS Code restores it. */
export const runTableViewType = 'mlops.runsTable';

/** Tags that keep what a person thinks of a run: with the run, wherever it goes, and for everybody who reads its store. */
export const starTag = 'mlops.star';
export const colourTag = 'mlops.colour';
export const hiddenTag = 'mlops.hidden';

/** Colours that runs can be given, after the theme's own. */
export const runColours = ['red', 'orange', 'yellow', 'green', 'blue', 'purple'] as const;

/** How the table looks: its part of a view (`runsview.ts`). */
export interface TableView {
  /** In order; null: chosen by what tells the runs apart. */
  readonly columns: readonly ViewColumn[] | null;
  readonly sort: readonly { readonly column: string; readonly descending: boolean }[];
  readonly filter: string;
  /** Id of a column. */
  readonly group: string | null;
  readonly showsHidden: boolean;
}

export const emptyTableView: TableView = { columns: null, sort: [], filter: '', group: null, showsHidden: false };

/** Narrowest and widest that a column may be, in pixels. */
export const widthLimits = { least: 40, most: 800 } as const;

export interface ViewColumn {
  /** As `metrics.val_loss`; `core/runtable` says what ids there are. */
  readonly id: string;
  /** In pixels; null: by its kind. */
  readonly width: number | null;
  readonly isPinned: boolean;
}

/** A file `.mlops/views/<name>.yaml`. */
export interface SavedView {
  readonly name: string;
  /** Null where the file can't be read; `problem` says why, with file, line and column. */
  readonly view: RunsView | null;
  readonly problem: string | null;
}

/** How far a reader of the table has read. */
export interface TableStamp {
  /** Of the engine's reading that counts the versions; another one starts again. */
  readonly epoch: string;
  readonly version: number;
}

/** What has changed in a project's runs since a stamp, or all of it. */
export interface RunTablePart {
  readonly stamp: TableStamp;
  /** All there is; what the reader had before is void. */
  readonly isWhole: boolean;
  readonly parts: readonly Uint8Array[];
  /** Ids of runs that are listed no more. */
  readonly removed: readonly string[];
  readonly unreadable: readonly UnreadableRun[];
}

export interface TableNotice {
  readonly kind: 'loading' | 'broken';
  readonly text: string;
  readonly action: 'none' | 'retry';
}

interface Numbered {
  readonly protocol: number;
  readonly sequence: number;
}

/** The tabs that a command may ask for; the page has others beside. */
export const askedTabs = ['charts', 'table'] as const;
export type AskedTab = (typeof askedTabs)[number];

export type ToRunsPage =
  | (Numbered & {
      readonly type: 'runs';
      /** The first part of everything: what the page had is void. */
      readonly begins: boolean;
      /** The last part. */
      readonly ends: boolean;
      readonly bytes: Uint8Array;
      readonly removed: readonly string[];
      readonly unreadable: readonly UnreadableRun[];
    })
  | (Numbered & { readonly type: 'views'; readonly views: readonly SavedView[] })
  | (Numbered & { readonly type: 'notice'; readonly notice: TableNotice })
  /** What the page shows is this view now. */
  | (Numbered & { readonly type: 'chosen'; readonly name: string })
  /** A command asks for a tab. */
  | (Numbered & { readonly type: 'tab'; readonly tab: AskedTab })
  /** A menu asks for what is selected. */
  | (Numbered & { readonly type: 'copy'; readonly format: 'csv' | 'markdown' | 'json' })
  /** A command asks for a file of what is looked at. */
  | (Numbered & { readonly type: 'export'; readonly what: PageExport });

/** What can be taken away from the page: a report of its runs, as a page or for a pull request; its charts as pictures; their points. */
export const pageExports = ['report', 'summary', 'png', 'svg', 'csv'] as const;
export type PageExport = (typeof pageExports)[number];

/** All that the page hears: points have numbers of their own (`chartfeed.ts`). */
export type RunsPageMessage = ToRunsPage | SeriesMessage | PlotsMessage | PictureAnswer;

/** What is done with runs by commands of the editor, which ask where something is to be asked. */
export const runActions = ['open', 'rename', 'note', 'tag', 'star', 'colour', 'hide', 'delete', 'compare'] as const;
export type RunAction = (typeof runActions)[number];

export type FromRunsPage =
  | ChartFeedQuestion
  | PlotsQuestion
  | PictureQuestion
  | { readonly type: 'ready'; readonly protocol: number }
  /** A message is missing, or the user wants to try again: send everything. */
  | { readonly type: 'resync' }
  | { readonly type: 'act'; readonly action: RunAction; readonly runIds: readonly string[] }
  | { readonly type: 'copied'; readonly text: string }
  /** Kept for this person until it is saved as a view; `name`: of the view that it came from. */
  | { readonly type: 'keep'; readonly name: string | null; readonly view: RunsView }
  /** Without a name the user is asked for one. */
  | { readonly type: 'saveView'; readonly name: string | null; readonly view: RunsView }
  | { readonly type: 'deleteView'; readonly name: string }
  | { readonly type: 'openView'; readonly name: string }
  /** Where it goes is asked. A summary goes into the clipboard. */
  | {
      readonly type: 'report';
      readonly format: 'html' | 'markdown';
      readonly runIds: readonly string[];
      readonly view: RunsView;
    }
  | { readonly type: 'picture'; readonly kind: 'png' | 'svg'; readonly name: string; readonly bytes: Uint8Array }
  | {
      readonly type: 'points';
      readonly name: string;
      readonly runIds: readonly string[];
      readonly metrics: readonly string[];
    }
  | { readonly type: 'error'; readonly message: string };

/** What the page is loaded with; the extension restores a panel by `root`. */
export interface RunsPageContext {
  readonly root: string;
  /** False in Restricted Mode, where nothing is written. */
  readonly mayEdit: boolean;
  /** Looked at first, where nothing says which was looked at last. */
  readonly tab: AskedTab;
  /** As it was kept. */
  readonly kept: { readonly name: string | null; readonly view: RunsView } | null;
}

/** Words of the page, in the user's language; `{0}` marks a place to be filled in. */
export type RunsTexts = Readonly<
  Record<
    | PlotsWord
    | ChartsWord
    | 'title'
    | 'tabs'
    | 'tableTab'
    | 'filter'
    | 'filterHint'
    | 'group'
    | 'noGroup'
    | 'columns'
    | 'findColumn'
    | 'automatic'
    | 'pin'
    | 'moveUp'
    | 'moveDown'
    | 'close'
    | 'view'
    | 'noView'
    | 'unsaved'
    | 'brokenView'
    | 'save'
    | 'saveAs'
    | 'deleteView'
    | 'openView'
    | 'showHidden'
    | 'copy'
    | 'export'
    | 'exportReport'
    | 'exportSummary'
    | 'exportPng'
    | 'exportSvg'
    | 'exportCsv'
    | 'exportNothing'
    | 'csv'
    | 'markdown'
    | 'json'
    | 'gridOf'
    | 'gridHint'
    | 'shown'
    | 'shownOne'
    | 'shownOf'
    | 'selected'
    | 'hiddenRuns'
    | 'unreadable'
    | 'judgedBy'
    | 'groupOf'
    | 'groupOfOne'
    | 'noValue'
    | 'meanAndDeviation'
    | 'bestAt'
    | 'lastAt'
    | 'starred'
    | 'star'
    | 'hidden'
    | 'children'
    | 'name'
    | 'status'
    | 'experiment'
    | 'store'
    | 'start'
    | 'duration'
    | 'model'
    | 'user'
    | 'commit'
    | 'branch'
    | 'note'
    | 'runId'
    | 'last'
    | 'min'
    | 'max'
    | 'metrics'
    | 'params'
    | 'tags'
    | 'attributes'
    | 'running'
    | 'epochOf'
    | 'epoch'
    | 'paused'
    | 'scheduled'
    | 'succeeded'
    | 'failed'
    | 'stopped'
    | 'lost'
    | 'loading'
    | 'empty'
    | 'nothingFits'
    | 'clearFilter'
    | 'noConnection'
    | 'retry'
    | 'ignored'
    | PictureText
    | RelationsText,
    string
  >
>;
