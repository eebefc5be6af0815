import { lstatSync, readFileSync, readdirSync, type Dirent, type Stats } from 'node:fs';
import path from 'node:path';
import { isMissing } from '../files/files.ts';
import { describeFailure, kindOf } from './entries.ts';

// MLflow keeps the texts of a run, and of a model, as files of a folder, a file for each name.

export interface Flaw {
  readonly file: string;
  readonly message: string;
  /** The system refused it: it may answer the next time, without any sign that something has changed. */
  readonly isRefused?: true;
}

/** Deeper than any name that MLflow takes. */
const MAX_DEPTH = 128;

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Names (with `/` for nested folders) and texts of the files below a folder of the run, by name. */
export function readPart(run: string, part: string, entry: Dirent | Stats, flaws: Flaw[]): readonly NamedText[] {
  if (entry.isFile()) {
    flaws.push({ file: part, message: 'It is a file, where a folder must be.' });
    return [];
  }
  const reader = new PartReader(run, part, flaws);
  reader.visit(part, entry);
  return reader.texts.sort((a, b) => (a.name < b.name ? -1 : 1));
}

class PartReader {
  readonly texts: NamedText[] = [];
  readonly #run: string;
  readonly #part: string;
  readonly #flaws: Flaw[];

  constructor(run: string, part: string, flaws: Flaw[]) {
    this.#run = run;
    this.#part = part;
    this.#flaws = flaws;
  }

  /** `file` is relative to the run's folder. */
  visit(file: string, entry: Dirent | Stats): void {
    if (entry.isFile()) this.#read(file);
    else if (!entry.isDirectory()) this.#omit(file, `It is ${kindOf(entry) ?? 'a file'}, and not followed.`);
    else if (file.split('/').length > MAX_DEPTH) this.#omit(file, 'It lies too deep: nothing in it is read.');
    else this.#enter(file);
  }

  #enter(file: string): void {
    try {
      const entries = readdirSync(path.join(this.#run, file), { withFileTypes: true });
      for (const below of entries) this.visit(`${file}/${below.name}`, below);
      // A tag may be taken away again, which leaves its folder.
      if (entries.length === 0 && file !== this.#part && this.#part !== 'tags')
        this.#omit(file, 'It is an empty folder, where a file may have been.');
    } catch (error) {
      this.#refuse(file, error);
    }
  }

  #read(file: string): void {
    if (path.basename(file).startsWith('.mlops-tmp-')) return;
    try {
      const text = readFileSync(path.join(this.#run, file), 'utf8');
      this.texts.push({ name: file.slice(this.#part.length + 1), text });
      if (text.includes('\ufffd')) this.#omit(file, 'It is not all UTF-8: what is none is shown as \ufffd.');
    } catch (error) {
      this.#refuse(file, error);
    }
  }

  #omit(file: string, message: string): void {
    this.#flaws.push({ file, message });
  }

  #refuse(file: string, error: unknown): void {
    this.#flaws.push({ file, message: describeFailure(error), isRefused: true });
  }
}

/** The same of a folder that nobody has looked at yet; nothing where there is none. */
export function readFolder(run: string, part: string, flaws: Flaw[]): readonly NamedText[] {
  try {
    return readPart(run, part, lstatSync(path.join(run, part)), flaws);
  } catch (error) {
    if (!isMissing(error)) flaws.push({ file: part, message: describeFailure(error), isRefused: true });
    return [];
  }
}

export function toTexts(files: readonly NamedText[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ name, text }) => [name, text]));
}
