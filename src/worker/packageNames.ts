import { activationNames } from '../core/config/config.ts';
import { findNearest } from '../core/names/names.ts';

/** Names that TensorFlow.js takes where a model's code names a part of a layer, by its word for such a part. */
const names: Readonly<Record<string, readonly string[]>> = {
  activation: activationNames,
  initializer: [
    ...[
      'constant',
      'glorotNormal',
      'glorotUniform',
      'heNormal',
      'heUniform',
      'identity',
      'leCunNormal',
      'leCunUniform',
    ],
    ...['ones', 'orthogonal', 'randomNormal', 'randomUniform', 'truncatedNormal', 'varianceScaling', 'zeros'],
  ],
  regularizer: ['l1l2'],
  constraint: ['maxNorm', 'minMaxNorm', 'nonNeg', 'unitNorm'],
};

/** The packages answer an unknown name with six lines about Python; here they become one with the nearest names. */
export function explainUnknownName(message: string): string {
  const [, kind = '', name = ''] = /^Unknown (\w+): (.{1,100}?)\. This may be due to/s.exec(message) ?? [];
  const known = Object.hasOwn(names, kind) ? names[kind] : undefined;
  if (known === undefined) return message;
  const nearest = findNearest(name, known);
  const hint = nearest.length === 0 ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest.join(' or ')}?`;
  return `There is no ${kind} "${name}". ${hint}`;
}
