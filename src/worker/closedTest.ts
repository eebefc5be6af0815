import { realpathSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ExpectedError } from '../protocol/errors.ts';
import type { FromWorker } from '../protocol/training.ts';
import type { DataFile } from './readers/mistakes.ts';
import { placeOfCall } from './userCode.ts';

// While hyperparameters are chosen the test split is closed: what is chosen by it is fitted to it, and its score means nothing any
// more. The engine itself does not load it then; here are the two ways in which user code could, as far as the engine can see.

/** Names of a split's files and folders: test, test.csv, test_images.gz, test-1. */
const testName = /^test([._-]|$)/i;

/** Under this name the wrapped dataloader finds the guard. */
const guardKey = Symbol.for('mlops.closedTest');

interface Closed {
  /** Throws when the file belongs to the test split. */
  readonly checkFile: (file: DataFile) => void;
  /** What was refused, for a task whose code went on all the same. */
  readonly refused: () => ExpectedError | undefined;
}

export interface ClosedOptions {
  readonly projectRoot: string;
  readonly model: string;
  readonly send: (message: FromWorker) => void;
}

/** Before any of the model's code is loaded: whoever imports its dataloader gets one whose `load` refuses the test split. */
export function closeTestSplit({ projectRoot, model, send }: ClosedOptions): Closed {
  let first: ExpectedError | undefined;
  const refuse = (what: string, call: Error): never => {
    const message = `${what} was refused: hyperparameters are being chosen, and a test split that takes part in the choice tells nothing any more. Use the validation split.`;
    const place = placeOfCall(call, projectRoot);
    const problems = place === undefined ? [] : [{ ...place, severity: 'error' as const, message }];
    const at = place === undefined ? '' : ` (${place.file}:${place.line}:${place.column})`;
    const error = new ExpectedError('training-failed', `${message}${at}`, problems);
    // Code may catch the error; it is told all the same, once.
    if (first === undefined) send({ type: 'log', level: 'error', text: error.message });
    first ??= error;
    throw error;
  };
  guardLoad(path.join(projectRoot, 'src/models', model, 'dataloader.ts'), () =>
    refuse('load("test") of the dataloader', new Error()),
  );
  return {
    checkFile: ({ name }) => {
      // Outside of the project only the last name says what it is: above it may be anything.
      const parts = path.isAbsolute(name) ? [path.basename(name)] : name.split('/');
      if (parts.some((part) => testName.test(part))) refuse(`A read of ${name}`, new Error());
    },
    refused: () => first,
  };
}

/** Puts a module of ours in the place of the dataloader, which exports all that it does. */
function guardLoad(file: string, refuse: () => never): void {
  const inner = pathToFileURL(realpathIfThere(file)).href;
  const outer = `${inner}?closed`;
  const wrap =
    (load: unknown) =>
    (split: unknown, ...rest: unknown[]): unknown =>
      split === 'test'
        ? refuse()
        : typeof load === 'function'
          ? (Reflect.apply(load, undefined, [split, ...rest]) as unknown)
          : load;
  Object.assign(globalThis, { [guardKey]: wrap });
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const isGuarded = resolved.url === inner && context.parentURL !== outer;
      return isGuarded ? { url: outer, format: 'module', shortCircuit: true } : resolved;
    },
    load: (url, context, next) =>
      url === outer ? { format: 'module', shortCircuit: true, source: sourceOf(inner) } : next(url, context),
  });
}

function sourceOf(inner: string): string {
  const url = JSON.stringify(inner);
  return `import * as all from ${url};
export * from ${url};
export const load = typeof all.load === 'function' ? globalThis[Symbol.for('mlops.closedTest')](all.load) : undefined;
`;
}

function realpathIfThere(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // What is missing is told when it is loaded.
    return file;
  }
}
