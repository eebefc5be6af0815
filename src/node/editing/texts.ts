import path from 'node:path';
import { readEditedText, type EditedText } from '../../core/editing/editing.ts';
import type { OpenText } from '../../protocol/editing.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { readTextIfExists } from '../files/files.ts';
import type { UnsavedTexts } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';

/** Files of a project as they stand in the editor, else on disk; each is read once. */
export class Texts {
  readonly unsaved: UnsavedTexts;
  readonly #root: string;
  readonly #read = new Map<string, Promise<string | undefined>>();
  readonly #edited = new Map<string, EditedText | undefined>();

  constructor({ root }: Project, open: readonly OpenText[]) {
    this.#root = root;
    this.unsaved = new Map(open.map(({ file, text }) => [file, text]));
  }

  read(file: string): Promise<string | undefined> {
    const unsaved = this.unsaved.get(file);
    const known =
      this.#read.get(file) ??
      (unsaved === undefined ? readWhereReadable(path.join(this.#root, file)) : Promise.resolve(unsaved));
    this.#read.set(file, known);
    return known;
  }

  /** The text with the places of its parts; undefined where there is none, or none that can be taken apart. */
  async readEdited(file: string): Promise<EditedText | undefined> {
    if (!this.#edited.has(file)) {
      const text = await this.read(file);
      this.#edited.set(file, text === undefined ? undefined : readEditedText(text, file));
    }
    return this.#edited.get(file);
  }
}

/** What is no text, or not for us to read, is a problem that loading the pipeline tells; here it is as if it were not there. */
function readWhereReadable(file: string): Promise<string | undefined> {
  return readTextIfExists(file).catch((error: unknown) => {
    if (error instanceof ExpectedError) return undefined;
    throw error;
  });
}
