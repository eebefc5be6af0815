import type { Edit, GroundFiles } from '../dvcground.ts';

/** Small projects, one for each construct of dvc.yaml, with edits after which both engines must say the same. */
export interface Project extends GroundFiles {
  readonly edits?: Readonly<Record<string, Edit>>;
}

export const replace =
  (from: string, to: string) =>
  (text: string): string => {
    if (!text.includes(from)) throw new Error(`"${from}" is not in the text.`);
    return text.replace(from, to);
  };

/** A project of one stage "s" that writes `o`. */
export const one = (fields: string, files: Record<string, string> = {}): GroundFiles => ({
  files: {
    'dvc.yaml': `stages:\n  s:\n    cmd: echo > o\n    outs: [o]\n${fields.replace(/^/gm, '    ')}\n`,
    ...files,
  },
});
