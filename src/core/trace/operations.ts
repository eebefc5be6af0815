import { operationTable } from './operationTable.ts';

/** An attribute of an operation of TensorFlow's. */
export interface OperationAttribute {
  readonly name: string;
  /** It is the type of this operand, counted from the end where it is negative; undefined for any other attribute. */
  readonly typeOf: number | undefined;
}

/** Whether it can stand in the graph of a step: it keeps nothing and reads nothing but its operands. */
export function isKnown(operation: string): boolean {
  return Object.hasOwn(operationTable, operation);
}

/** All that it has. */
export function listAttributes(operation: string): readonly OperationAttribute[] {
  return (operationTable[operation] ?? '').split(' ').flatMap((written) => {
    const [name = '', operand] = written.split('@');
    return name === '' ? [] : [{ name, typeOf: operand === undefined ? undefined : Number(operand) }];
  });
}
