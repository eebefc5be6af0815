import type { StageGround, StageOutput, StageRequest } from '../../protocol/addstage.ts';
import { isStageName } from '../pipeline/pipeline.ts';

/** A command that suits a file of the project. */
interface CommandChoice {
  readonly cmd: string;
  /** What it runs. */
  readonly file: string;
}

/** Which command suits a file: the first row that matches. */
const rows: readonly (readonly [RegExp, (file: string) => string])[] = [
  [/\.d\.ts$|(^|\/)(tests?|types|node_modules)\/|\.(test|config)\.[cm]?[jt]s$/, () => ''],
  [/(^|\/)src\/models\/[^/]+\/[^/]+\.ts$/, () => ''],
  [/^configs\/[^/]+\.ya?ml$/, (file) => `mlops train ${quote(file)}`],
  [/\.[cm]?[jt]s$/, (file) => `mlops exec ${quote(file)}`],
  [/\.py$/, (file) => `python ${quote(file)}`],
  [/\.sh$/, (file) => `sh ${quote(file)}`],
];

/** Commands for the scripts and configs of the project; that of `preferred` (the file in the editor) comes first. */
export function suggestCommands(
  { paths }: Pick<StageGround, 'paths'>,
  preferred: string | undefined,
): readonly CommandChoice[] {
  const choices = paths.flatMap((file) => {
    const cmd = rows.find(([pattern]) => pattern.test(file))?.[1](file) ?? '';
    return cmd === '' ? [] : [{ cmd, file }];
  });
  return choices.sort((a, b) => Number(b.file === preferred) - Number(a.file === preferred));
}

/** `src/data/cleaning.ts` → `cleaning`; nothing where that is taken or no name. */
export function suggestName(file: string | undefined, { stages }: Pick<StageGround, 'stages'>): string {
  const stem =
    file
      ?.split('/')
      .at(-1)
      ?.replace(/\.[^.]*$/, '') ?? '';
  const name = file?.startsWith('configs/') === true ? `train-${stem}` : stem;
  const isFree = !stages.some((stage) => stage.name === name || stage.name.startsWith(`${name}@`));
  return stem !== '' && isStageName(name) && isFree ? name : '';
}

/** Words of the command that are paths of the project. */
function filesOf(cmd: string, { paths }: Pick<StageGround, 'paths'>): readonly string[] {
  const known = new Set(paths);
  return cmd
    .split(/\s+/)
    .map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))
    .filter((word) => known.has(word));
}

const isConfig = (file: string): boolean => /^configs\/[^/]+\.ya?ml$/.test(file);

/** What the command reads for certain: its script. A config is not one of them, its keys are params. */
export function suggestDeps(cmd: string, ground: Pick<StageGround, 'paths'>): readonly string[] {
  const own = filesOf(cmd, ground).filter((file) => !isConfig(file));
  const model = trainedModel(cmd, ground);
  const code = model === undefined ? [] : [`src/models/${model}/`].filter((folder) => ground.paths.includes(folder));
  return [...own, ...code].map((path) => path.replace(/\/$/, ''));
}

/** Keys that training reads. */
const trained = ['data', 'model', 'training'];

export function suggestParams(cmd: string, ground: Pick<StageGround, 'paths' | 'params'>): StageRequest['params'] {
  const files = new Set(filesOf(cmd, ground).filter(isConfig));
  return ground.params
    .filter(({ file }) => files.has(file))
    .map(({ file, keys }) => ({ file, keys: keys.filter((key) => trained.includes(key)) }))
    .filter(({ keys }) => keys.length > 0);
}

/** Training puts its model where the registry looks for it. */
export function suggestOuts(
  cmd: string,
  ground: Pick<StageGround, 'paths'>,
  kind: StageOutput['kind'],
): readonly string[] {
  const model = trainedModel(cmd, ground);
  return kind === 'out' && model !== undefined ? [`models/${model}`] : [];
}

function trainedModel(cmd: string, ground: Pick<StageGround, 'paths'>): string | undefined {
  if (!/^mlops\s+train\s/.test(cmd)) return undefined;
  return filesOf(cmd, ground)
    .find(isConfig)
    ?.replace(/^configs\/(.*)\.ya?ml$/, '$1');
}

/** For the shell; a path of ordinary characters stays as it is. */
function quote(path: string): string {
  return /^[\p{L}\p{N}@%+=:,./_-]+$/u.test(path) ? path : `"${path.replaceAll(/(["\\$`])/g, '\\$1')}"`;
}
