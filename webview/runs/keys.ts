import type { Line } from '../../src/core/runtable/runtable.ts';
import type { RunAction } from '../../src/protocol/runtable.ts';
import type { Grid, Place } from './grid.ts';

export interface GridKeys {
  readonly grid: Grid;
  readonly lines: () => readonly Line[];
  readonly columnCount: () => number;
  readonly place: () => Place;
  /** `extends`: what lies between is selected too. */
  readonly onGo: (place: Place, extendsSelection: boolean) => void;
  readonly onToggleLine: (line: Line, isOpen: boolean) => void;
  readonly onSelect: (how: 'toggle' | 'all' | 'none') => void;
  readonly onAct: (action: RunAction) => void;
  readonly onCopy: () => void;
  readonly onHead: (what: { readonly sort: boolean } | { readonly move: 1 | -1 } | { readonly wider: 1 | -1 }) => void;
}

/** What the keys do in the grid; true when the key was for it. */
export function pressKey(event: KeyboardEvent, keys: GridKeys): boolean {
  const { line } = keys.place();
  const isControl = event.ctrlKey || event.metaKey;
  if (line === -1 && pressInHead(event, keys)) return true;
  if (line >= 0 && pressInLine(event, isControl, keys)) return true;
  const next = walk(event, isControl, keys);
  if (next === undefined) return false;
  keys.onGo(next, event.shiftKey && line >= 0);
  return true;
}

function pressInHead({ key, altKey, shiftKey }: KeyboardEvent, { onHead }: GridKeys): boolean {
  const way = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : undefined;
  if (key === 'Enter' || key === ' ') onHead({ sort: shiftKey });
  else if (way !== undefined && altKey) onHead({ move: way });
  else if (way !== undefined && shiftKey) onHead({ wider: way });
  else return false;
  return true;
}

/** What keys do on a line. */
const inLine: Readonly<Record<string, (keys: GridKeys, line: Line) => void>> = {
  'Enter': (keys, line) => (line.kind === 'group' ? keys.onToggleLine(line, !line.isOpen) : keys.onAct('open')),
  ' ': ({ onSelect }) => onSelect('toggle'),
  'Escape': ({ onSelect }) => onSelect('none'),
  'F2': ({ onAct }) => onAct('rename'),
  'Delete': ({ onAct }) => onAct('delete'),
  's': ({ onAct }) => onAct('star'),
  'h': ({ onAct }) => onAct('hide'),
  'n': ({ onAct }) => onAct('note'),
  't': ({ onAct }) => onAct('tag'),
  'c': ({ onAct }) => onAct('compare'),
  'Control a': ({ onSelect }) => onSelect('all'),
  'Control c': ({ onCopy }) => onCopy(),
};

function pressInLine({ key }: KeyboardEvent, isControl: boolean, keys: GridKeys): boolean {
  const { line, column } = keys.place();
  const own = keys.lines()[line];
  if (own === undefined) return false;
  const opens = key === 'ArrowRight' ? true : key === 'ArrowLeft' ? false : undefined;
  const isParent = own.kind === 'group' || own.below > 0;
  if (opens !== undefined && column === 0 && isParent && own.isOpen !== opens) {
    keys.onToggleLine(own, opens);
    return true;
  }
  const name = isControl ? `Control ${key}` : key;
  const press = Object.hasOwn(inLine, name) ? inLine[name] : undefined;
  press?.(keys, own);
  return press !== undefined;
}

function walk({ key }: KeyboardEvent, isControl: boolean, keys: GridKeys): Place | undefined {
  const { line, column } = keys.place();
  const [lastLine, lastColumn] = [keys.lines().length - 1, keys.columnCount() - 1];
  const page = keys.grid.pageSize;
  const to = (nextLine: number, nextColumn: number): Place => ({
    line: Math.min(Math.max(nextLine, -1), lastLine),
    column: Math.min(Math.max(nextColumn, 0), lastColumn),
  });
  const moves: Readonly<Record<string, () => Place>> = {
    ArrowUp: () => to(line - 1, column),
    ArrowDown: () => to(line + 1, column),
    ArrowLeft: () => to(line, column - 1),
    ArrowRight: () => to(line, column + 1),
    Home: () => (isControl ? to(0, 0) : to(line, 0)),
    End: () => (isControl ? to(lastLine, lastColumn) : to(line, lastColumn)),
    PageUp: () => to(line === -1 ? -1 : Math.max(0, line - page), column),
    PageDown: () => to(line + page, column),
  };
  return Object.hasOwn(moves, key) ? moves[key]?.() : undefined;
}
