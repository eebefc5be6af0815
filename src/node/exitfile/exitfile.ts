import { writeFileSync } from 'node:fs';

/** Names the file into which a detached command line writes its exit code, for whoever follows it from outside. */
export const exitFileVariable = 'MLOPS_EXIT_FILE';

/** The file, if one is wanted; the variable is taken out, so that stages do not write their exit codes there too. */
export function takeExitFile(env: NodeJS.ProcessEnv): string | undefined {
  const file = env[exitFileVariable];
  Reflect.deleteProperty(env, exitFileVariable);
  return file === '' ? undefined : file;
}

export function writeExitFile(file: string, code: number): void {
  try {
    writeFileSync(file, `${code}\n`);
  } catch {
    // A full disk, or the project was removed meanwhile: the follower sees an end without an exit code.
  }
}
