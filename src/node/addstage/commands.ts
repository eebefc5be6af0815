import { parseParamsList } from '../../core/addstage/addstage.ts';
import type { StageOutput, StageRequest } from '../../protocol/addstage.ts';
import { badInput, exitCodes } from '../../protocol/errors.ts';
import { badArguments, takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { addStage, planStage } from './addstage.ts';

const path = { type: 'string', multiple: true, value: 'PATH' } as const;

const add = {
  words: ['stage', 'add'],
  positionals: 'NAME',
  summary: 'write a new stage into dvc.yaml; everything else in it stays as it is',
  example: 'mlops stage add clean --cmd "mlops exec src/data/cleaning.ts" --deps data/raw --outs data/clean',
  options: {
    'cmd': { type: 'string', value: 'COMMAND', summary: 'what it runs, in the project’s folder' },
    'deps': { ...path, summary: 'a file or folder that it reads; repeat it for more' },
    'params': {
      type: 'string',
      multiple: true,
      value: '[FILE:]KEY,…',
      summary: 'keys that it reads, of params.yaml or of FILE; "FILE:" for all of it',
    },
    'outs': { ...path, summary: 'a file or folder that it makes' },
    'outs-no-cache': { ...path, summary: 'one that stays out of DVC’s cache' },
    'metrics': { ...path, summary: 'a file of metrics that it makes' },
    'metrics-no-cache': { ...path, summary: 'one that is kept in Git' },
    'plots': { ...path, summary: 'a file or folder of plots that it makes' },
    'plots-no-cache': { ...path, summary: 'one that is kept in Git' },
    'desc': { type: 'string', value: 'TEXT', summary: 'what it is for' },
  },
  async run(invocation) {
    const request = toRequest(invocation);
    const project = await invocation.project();
    const { options, output } = invocation;
    if (!options.flag('dry-run')) {
      const addition = await addStage(project, request);
      output.result(addition, () => `${request.name} is in ${addition.file}, line ${addition.line}.`);
      return exitCodes.done;
    }
    const { addition, problems } = await planStage(project, request);
    if (addition === null) throw badInput(`The stage "${request.name}" can not be added:`, problems);
    output.result(addition, () => addition.text.replace(/\n$/, ''));
    return exitCodes.done;
  },
} as const satisfies Command;

const outputs: readonly (readonly [flag: string, kind: StageOutput['kind'], cache: boolean])[] = [
  ['outs', 'out', true],
  ['outs-no-cache', 'out', false],
  ['metrics', 'metric', true],
  ['metrics-no-cache', 'metric', false],
  ['plots', 'plot', true],
  ['plots-no-cache', 'plot', false],
];

function toRequest(invocation: Invocation): StageRequest {
  const [name = ''] = takePositionals(invocation, add);
  const { options } = invocation;
  const cmd = options.text('cmd');
  if (cmd === undefined) throw badArguments('A stage needs a command: --cmd COMMAND.');
  return {
    name,
    cmd,
    deps: options.list('deps'),
    params: parseParamsList(options.list('params')),
    outs: outputs.flatMap(([flag, kind, cache]) => options.list(flag).map((out) => ({ kind, path: out, cache }))),
    desc: options.text('desc') ?? '',
  };
}

export const commands: readonly Command[] = [add];
