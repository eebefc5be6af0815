import type { Attribute } from '../graphdef/graphdef.ts';
import { adamsOf, factsOf, feedsOf, type Facts, type FusedStep, type Operand, type Step } from './step.ts';

/** For a person: what goes in, one line for each operation, what comes out. */
export function formatStep(step: Step | FusedStep): readonly string[] {
  const feeds = feedsOf(step).map(({ source, name, ...facts }) => `${source} ${name}: ${formatFacts(facts)}`);
  const operations = step.operations.map(({ name, layer, operands, attributes, outputs }, index) => {
    const parts = [...operands.map((operand) => formatOperand(operand)), ...formatAttributes(attributes)];
    const where = layer === '' ? '' : `  # ${layer}`;
    return `%${index} = ${name}(${parts.join(', ')}): ${outputs.map(formatFacts).join(', ')}${where}`;
  });
  const results = step.results.map(
    (operand, index) => `result ${index} = ${formatOperand(operand)}: ${formatFacts(factsOf(step, operand))}`,
  );
  const changes = step.changes.map(({ name, next }) => `state ${name} = ${formatOperand(next)}`);
  const adams = adamsOf(step).map(
    ({ weight, mean, square, gradient, size, beta1, beta2, epsilon }) =>
      `state ${weight} = Adam(${formatOperand(gradient)}, size=${formatOperand(size)}, beta1=${formatNumber(beta1)}, beta2=${formatNumber(beta2)}, epsilon=${formatNumber(epsilon)})  # with ${mean}, ${square}`,
  );
  return [...feeds, ...operations, ...results, ...changes, ...adams];
}

/** Longer ones are told by their type and shape. */
const MOST_NUMBERS = 6;

function formatOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'feed':
      return `${operand.feed.source} ${operand.feed.name}`;
    case 'result':
      return operand.output === 0 ? `%${operand.operation}` : `%${operand.operation}.${operand.output}`;
    case 'constant': {
      const { values, shape } = operand.constant;
      if (values.length > MOST_NUMBERS) return `constant ${formatFacts(operand.constant)}`;
      const texts = Array.from(values, formatNumber);
      return shape.length === 0 ? texts.join() : `[${texts.join(', ')}]`;
    }
  }
}

/** As many digits as 32 bits have. */
function formatNumber(value: number): string {
  return String(Number(value.toPrecision(7)));
}

function formatAttributes(attributes: Readonly<Record<string, Attribute>>): readonly string[] {
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    // Types are those of the operands.
    if ('type' in attribute) return [];
    const [value] = Object.values(attribute) as readonly unknown[];
    return [`${name}=${JSON.stringify(value)}`];
  });
}

function formatFacts({ dtype, shape }: Facts): string {
  return shape.length === 0 ? dtype : `${dtype} ${shape.join('×')}`;
}
