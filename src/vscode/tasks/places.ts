import { isAbsolute } from '../../core/trees/trees.ts';

/** The beginning of a line that the manifest's problem matcher reads; colours may stand before the file. */
const place = /^((?:\s|\u001b\[[\d;:]*m)*)(\S.*?)(:\d+:\d+: (?:error|warning): )/;
/** A line this long names no place any more: it is shown without waiting for its end. */
const LONGEST_LINE = 4096;

/** Puts places into the output of a process; chunks may end anywhere, so that the beginning of a line may be held back. */
export interface Places {
  push(chunk: string): string;
  /** What was held back, once nothing more comes. */
  end(): string;
}

/**
 * Names files as seen from the workspace folder: `dvc.yaml:6:7: error: …` of a project in `digits` becomes
 * `digits/dvc.yaml:6:7: error: …`. VS Code looks for files of problems and of links there, and only there, while everything
 * that runs in a project names them as seen from the project.
 */
export function createPlaces(folder: string): Places {
  if (folder === '') return { push: (chunk) => chunk, end: () => '' };
  const move = (line: string): string =>
    line.replace(place, (whole, before: string, file: string, behind: string) =>
      isAbsolute(file) ? whole : `${before}${folder}/${file}${behind}`,
    );
  let held = '';
  const release = (): string => {
    const line = move(held);
    held = '';
    return line;
  };
  return {
    push(chunk) {
      const lines = `${held}${chunk}`.split('\n');
      held = lines.pop() ?? '';
      const whole = lines.map((line) => `${move(line)}\n`).join('');
      return held.length > LONGEST_LINE ? whole + release() : whole;
    },
    end: release,
  };
}
