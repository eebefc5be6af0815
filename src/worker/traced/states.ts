import type { LayersModel, Tensor, TensorFlow, Variable } from '../tensorflow.ts';

/** A variable of a model or of its optimizer. Which one it is may change: a checkpoint puts others in the place of the optimizer's. */
export interface StateVariable {
  /** Unique. */
  readonly name: string;
  /** Of the model, not of its optimizer. */
  readonly isWeight: boolean;
  readonly read: () => Variable | undefined;
}

/** Throws when it is gone: an optimizer that was restored may have other ones. */
export function variableOf({ name, read }: StateVariable): Variable {
  const variable = read();
  if (variable === undefined) throw new Error(`The variable ${name} of a step is gone.`);
  return variable;
}

/** What is used here of a weight of a layer; the packages' types hide it. */
export interface LayerWeight {
  readonly originalName: string;
  /** Its variable, also of a model that is disposed, which is not to be read. */
  readonly val: Variable;
  read: () => Variable;
}

interface Slot {
  readonly variable: Variable;
}

/** Weights, then what the optimizer keeps: variables of its own, and lists of one for each weight. */
export function listStates(tf: TensorFlow, model: LayersModel): readonly StateVariable[] {
  const weights = (model.weights as unknown as readonly LayerWeight[]).map((weight, index): StateVariable => {
    // Always through the weight: another step that has its numbers hears of it.
    return { name: `${index} ${weight.originalName}`, isWeight: true, read: () => weight.read() };
  });
  const parts = model.optimizer as unknown as Readonly<Record<string, unknown>>;
  const kept = Object.entries(parts).flatMap(([key, part]): readonly StateVariable[] => {
    if (part instanceof tf.Variable)
      return [{ name: `optimizer ${key}`, isWeight: false, read: () => parts[key] as Variable }];
    return slotsOf(part).map((_, index) => ({
      name: `optimizer ${key} ${index}`,
      isWeight: false,
      read: () => slotsOf(parts[key])[index]?.variable,
    }));
  });
  return [...weights, ...kept];
}

/** Constants that an optimizer has made for itself; those that depend on the learning rate are made anew with it. */
export function listFixed(tf: TensorFlow, model: LayersModel): readonly Tensor[] {
  return Object.values(model.optimizer).filter(
    (part): part is Tensor => part instanceof tf.Tensor && !(part instanceof tf.Variable),
  );
}

function slotsOf(part: unknown): readonly (Slot | undefined)[] {
  if (!Array.isArray(part)) return [];
  return part.map((slot: unknown) => (isSlot(slot) ? slot : undefined));
}

function isSlot(slot: unknown): slot is Slot {
  return typeof slot === 'object' && slot !== null && 'variable' in slot;
}
