import { existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { DatabaseSync } from 'node:sqlite';
import { ExpectedError } from '../../protocol/errors.ts';

const BUSY_MS = 5000;

type Sqlite = NonNullable<ReturnType<typeof loadModule>>;

/**
 * Opens a database to read. Nothing in it is executed: only tables are asked, and those named are there. Throws `missing-file`, `corrupt`
 * for what is no such database, `not-supported` where Node has no SQLite.
 */
export function openDatabase(file: string, tables: readonly string[]): DatabaseSync {
  const { DatabaseSync: Database } = loadSqlite();
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new ExpectedError('missing-file', `There is no database ${file}.`);
  let database: DatabaseSync | undefined;
  try {
    database = open(Database, file);
    const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    const known = new Set(rows.map(({ name }) => name));
    const missing = tables.filter((table) => !known.has(table));
    if (missing.length > 0)
      throw new ExpectedError('corrupt', `${file} is no database of MLflow: it has no table ${missing.join(', ')}.`);
    return database;
  } catch (error) {
    database?.close();
    throw toDatabaseError(error, file);
  }
}

/** SQLite's own codes (sqlite.org/rescode.html). */
const codes = { busy: 5, corrupt: 11 };

/** An error of SQLite's with a code. */
type SqliteError = Error & { readonly errcode: number };

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** True where a page of the database is not what it should be; the others may be whole. */
export function isDamage(error: unknown): error is Error {
  return (isSqliteError(error) && (error.errcode & 0xff) === codes.corrupt) || isOutOfRange(error);
}

/** A number where a text must be, and one that JavaScript has none for. */
function isOutOfRange(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}

/** A failure of SQLite as a sentence with the file; other errors are given back as they are. */
export function toDatabaseError(error: unknown, file: string): unknown {
  if (!isSqliteError(error) && !isOutOfRange(error)) return error;
  if (isSqliteError(error) && (error.errcode & 0xff) === codes.busy)
    return new ExpectedError('busy', `${file} is being written by another program. Try again in a moment.`);
  return new ExpectedError('corrupt', `${file} can't be read as a database of MLflow: ${error.message}.`);
}

function open(Database: Sqlite['DatabaseSync'], file: string): DatabaseSync {
  const options = { readOnly: true, timeout: BUSY_MS };
  try {
    const database = new Database(file, options);
    // A database in WAL mode needs files beside it, which a read-only folder refuses: seen with the first question.
    database.prepare('SELECT 1 FROM sqlite_master LIMIT 1').get();
    return secure(database);
  } catch (error) {
    const isRefused = error instanceof Error && /readonly|unable to open/i.test(error.message);
    if (!isRefused) throw error;
    if (existsSync(`${file}-journal`)) {
      const reason = 'a program ended in the middle of a change of it';
      throw new ExpectedError(
        'corrupt',
        `${file} can't be read: ${reason}. Open it once with MLflow, which takes the change back.`,
      );
    }
    const url = pathToFileURL(file);
    url.searchParams.set('immutable', '1');
    return secure(new Database(url, options));
  }
}

function secure(database: DatabaseSync): DatabaseSync {
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;');
  return database;
}

/** Node says of SQLite that it may still change, to whoever loads it: not to the person who lists runs. */
function loadSqlite(): Sqlite {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    const sqlite = loadModule();
    if (sqlite !== undefined) return sqlite;
  } finally {
    process.emitWarning = emitWarning;
  }
  throw new ExpectedError(
    'not-supported',
    `Node ${process.versions.node} has no SQLite, so a database of MLflow can't be read. Node 22.13 and later have it.`,
  );
}

/** Undefined in an older Node, which its types do not say. */
function loadModule() {
  return process.getBuiltinModule('node:sqlite') as
    ReturnType<typeof process.getBuiltinModule<'node:sqlite'>> | undefined;
}
