import { exitCodes, type ErrorDocument } from '../../protocol/errors.ts';
import { escapeAllButColours, toOneLine } from '../../protocol/text.ts';
import { diskError, hasCode } from '../files/files.ts';

export interface Streams {
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
}

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** stdout carries the result and nothing else, stderr everything for people. */
export interface Output {
  readonly json: boolean;
  /** True when people look at the result, false when a program reads it. */
  readonly isTerminal: boolean;
  /** The command's result: the document with --json, the text otherwise. Once per command. */
  result(document: unknown, text: () => string): void;
  /** A table for a terminal, tab-separated columns for a pipe. */
  table(table: Table): string;
  /** A line for people, on stderr; silent with --quiet. */
  note(text: string): void;
  /** Progress of long work: a line redrawn on a terminal, one every 10 s elsewhere. */
  progress(text: string): void;
  failure(error: ErrorDocument, text: string): void;
  finish(): void;
}

const PROGRESS_INTERVAL_MS = 10_000;

interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
  /** True when a terminal shows what is printed here although it goes to a file: an editor follows its log. */
  readonly isFollowed: boolean;
}

export function createOutput(streams: Streams, { json, quiet, color, isFollowed }: OutputOptions): Output {
  const { stdout, stderr } = streams;
  const isTerminal = stdout.isTTY || isFollowed;
  let hasResult = false;
  let progressShown = false;
  let lastProgress = 0;
  const clearProgress = (): void => {
    if (progressShown) stderr.write('\r\u001b[K');
    progressShown = false;
  };
  const line = (text: string): void => {
    clearProgress();
    stderr.write(`${escapeAllButColours(text)}\n`);
  };
  return {
    json,
    isTerminal,
    result(document, text) {
      clearProgress();
      hasResult = true;
      const body = json ? JSON.stringify(document, toJsonValue, 2) : escapeAllButColours(text());
      if (body !== '') stdout.write(`${body}\n`);
    },
    table: (table) =>
      isTerminal
        ? alignColumns(table, color && stdout.isTTY)
        : table.rows.map((row) => row.map(toOneLine).join('\t')).join('\n'),
    note: (text) => {
      if (!quiet) line(text);
    },
    progress(text) {
      if (quiet) return;
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[K${toOneLine(text)}`);
        progressShown = true;
      } else if (performance.now() - lastProgress >= PROGRESS_INTERVAL_MS) {
        lastProgress = performance.now();
        stderr.write(`${toOneLine(text)}\n`);
      }
    },
    failure(error, text) {
      line(text);
      if (json && !hasResult) this.result({ error }, () => '');
    },
    finish: clearProgress,
  };
}

/**
 * Lets a command go on when what it prints goes nowhere: nothing may stop a run half-way but its user. A reader that had enough
 * (`mlops run | head`) is no failure; a result that can't be kept (a full disk behind `> FILE`) is told, and becomes the exit code.
 */
export function outliveReaders({ stdout, stderr }: Pick<NodeJS.Process, 'stdout' | 'stderr'>): void {
  stderr.on('error', () => undefined);
  stdout.on('error', (error) => {
    if (hasCode(error, 'EPIPE')) return;
    const told = diskError(error, 'stdout');
    stderr.write(`${told instanceof Error ? told.message : String(told)}\n`);
    process.once('exit', (code) => {
      if (code === exitCodes.done) process.exitCode = exitCodes.failed;
    });
  });
}

/** Numbers that JSON can't hold are written as words, as cli.md promises. */
function toJsonValue(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function alignColumns({ columns, rows }: Table, color: boolean): string {
  const cells = [columns, ...rows.map((row) => row.map(toOneLine))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  const format = (row: readonly string[]): string =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  const [head = '', ...body] = cells.map(format);
  return [color ? `\u001b[1m${head}\u001b[22m` : head, ...body].join('\n');
}
