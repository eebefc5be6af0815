import * as vscode from 'vscode';

// Questions one after the other, with "step x of y", a Back button, and defaults: what the UX guidelines want in place of a form.

export interface Step {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

interface InputStep extends Step {
  readonly prompt: string;
  readonly value: string;
  /** A sentence when the text will not do. */
  readonly check: (text: string) => string | undefined;
}

interface Choice<T> extends vscode.QuickPickItem {
  readonly value: T;
}

interface ChoiceStep<T> extends Step {
  readonly placeholder: string;
  readonly items: readonly (Choice<T> | vscode.QuickPickItem)[];
  readonly active?: T;
}

/** The answer; 'back' for the Back button; undefined when the user gave up. */
export type Answer<T> = { readonly value: T } | 'back' | undefined;

export function askText({ title, step, totalSteps, prompt, value, check }: InputStep): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  Object.assign(input, { title, step, totalSteps, prompt, value, ignoreFocusOut: true });
  if (step > 1) input.buttons = [vscode.QuickInputButtons.Back];
  return settle(input, (done) => [
    input.onDidChangeValue((text) => (input.validationMessage = check(text))),
    input.onDidAccept(() => {
      input.validationMessage = check(input.value);
      if (input.validationMessage === undefined || input.validationMessage === '') done({ value: input.value });
    }),
  ]);
}

/** Items without a value (separators, files of a preview) can be looked at but not chosen. */
export function askChoice<T>({
  title,
  step,
  totalSteps,
  placeholder,
  items,
  active,
}: ChoiceStep<T>): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<Choice<T> | vscode.QuickPickItem>();
  Object.assign(input, { title, step, totalSteps, placeholder, ignoreFocusOut: true, matchOnDescription: true });
  input.items = items;
  const activeItem = items.find((item) => 'value' in item && item.value === active);
  if (activeItem !== undefined) input.activeItems = [activeItem];
  if (step > 1) input.buttons = [vscode.QuickInputButtons.Back];
  return settle(input, (done) => [
    input.onDidAccept(() => {
      const [chosen] = input.selectedItems;
      if (chosen !== undefined && 'value' in chosen) done({ value: chosen.value });
    }),
  ]);
}

interface ManyStep<T> extends Step {
  readonly placeholder: string;
  readonly items: readonly (Choice<T> | vscode.QuickPickItem)[];
  readonly chosen: (value: T) => boolean;
  /** A sentence when the choice will not do; it is shown in the place of the placeholder's. */
  readonly check: (values: readonly T[]) => string | undefined;
}

/** Any number of items. What is chosen but will not do keeps the question open, and the title says why. */
export function askMany<T>(step: ManyStep<T>): Promise<Answer<readonly T[]>> {
  const { title, step: number, totalSteps, placeholder, items, chosen, check } = step;
  const input = vscode.window.createQuickPick<Choice<T> | vscode.QuickPickItem>();
  Object.assign(input, { title, step: number, totalSteps, placeholder, ignoreFocusOut: true, canSelectMany: true });
  input.items = items;
  input.selectedItems = items.filter((item) => 'value' in item && chosen(item.value));
  if (number > 1) input.buttons = [vscode.QuickInputButtons.Back];
  const read = (): readonly T[] => input.selectedItems.flatMap((item) => ('value' in item ? [item.value] : []));
  const tell = (): string | undefined => {
    const problem = check(read());
    input.title = problem === undefined ? title : `${title} — ${problem}`;
    return problem;
  };
  return settle(input, (done) => [
    input.onDidChangeSelection(tell),
    input.onDidAccept(() => {
      if (tell() === undefined) done({ value: read() });
    }),
  ]);
}

interface SuggestionStep extends Step {
  readonly placeholder: string;
  readonly items: readonly (Choice<string> | vscode.QuickPickItem)[];
  readonly value: string;
  /** What the entry for the typed text says below it. */
  readonly typed: string;
}

/** One of the items, or whatever is typed. */
export function askSuggestion(step: SuggestionStep): Promise<Answer<string>> {
  const { title, step: number, totalSteps, placeholder, items, value, typed } = step;
  const input = vscode.window.createQuickPick<Choice<string> | vscode.QuickPickItem>();
  const show = (text: string): void => {
    const own = text.trim();
    const isItem = items.some((item) => 'value' in item && item.value === own);
    input.items =
      own === '' || isItem ? items : [{ label: own, description: typed, alwaysShow: true, value: own }, ...items];
  };
  Object.assign(input, {
    title,
    step: number,
    totalSteps,
    placeholder,
    ignoreFocusOut: true,
    matchOnDescription: true,
    value,
  });
  show(value);
  if (number > 1) input.buttons = [vscode.QuickInputButtons.Back];
  return settle(input, (done) => [
    input.onDidChangeValue(show),
    input.onDidAccept(() => {
      const [picked] = input.selectedItems;
      if (picked !== undefined && 'value' in picked) done({ value: picked.value });
    }),
  ]);
}

/** Shows an input until it is answered, left by Back, or hidden. */
function settle<T>(
  input: vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>,
  listen: (done: (answer: Answer<T>) => void) => vscode.Disposable[],
): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const done = (answer: Answer<T>): void => {
      resolve(answer);
      for (const subscription of subscriptions) subscription.dispose();
      input.dispose();
    };
    const subscriptions = [
      ...listen(done),
      input.onDidTriggerButton((button) => {
        if (button === vscode.QuickInputButtons.Back) done('back');
      }),
      input.onDidHide(() => done(undefined)),
    ];
    input.show();
  });
}

/**
 * Asks `questions` in order; Back goes to the one before. Each is given its place in the row and what was answered so far (its
 * own former answer included). Undefined when the user gave up.
 */
export async function askInOrder<A>(
  questions: readonly ((answers: A, place: Omit<Step, 'title'>) => Promise<A | 'back' | undefined>)[],
  start: A,
): Promise<A | undefined> {
  let answers = start;
  for (let index = 0; index < questions.length;) {
    const outcome = await questions[index]?.(answers, { step: index + 1, totalSteps: questions.length });
    if (outcome === undefined) return undefined;
    if (outcome === 'back') index = Math.max(0, index - 1);
    else {
      answers = outcome;
      index += 1;
    }
  }
  return answers;
}
