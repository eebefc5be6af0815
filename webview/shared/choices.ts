import { element } from './dom.ts';

/** Tabs have panels, radios have none. Each says with an attribute of its own which one is chosen. */
const chosenBy = { tab: 'aria-selected', radio: 'aria-checked' } as const;
const listOf = { tab: 'tablist', radio: 'radiogroup' } as const;

interface ChoicesOptions<K extends string> {
  readonly role: keyof typeof chosenBy;
  readonly label: string;
  /** Of the list. */
  readonly className?: string;
  readonly tag?: 'div' | 'nav';
  readonly choices: readonly {
    readonly name: K;
    readonly text: string;
    /** Attributes of its button. */
    readonly attributes?: Readonly<Record<string, string>>;
  }[];
  readonly onChoose: (name: K) => void;
}

/** One of several, side by side: Tab comes to the chosen one, ← and → walk and choose, as everywhere in the editor. */
export function createChoices<K extends string>({
  role,
  label,
  className,
  tag = 'div',
  choices,
  onChoose,
}: ChoicesOptions<K>): { readonly root: HTMLElement; draw(chosen: K): void } {
  const buttons = choices.map(({ name, text, attributes }) => {
    const button = element('button', { type: 'button', role, ...attributes }, text);
    button.addEventListener('click', () => onChoose(name));
    return { name, button };
  });
  const root: HTMLElement = element(
    tag,
    { 'role': listOf[role], 'aria-label': label, ...(className === undefined ? {} : { class: className }) },
    ...buttons.map(({ button }) => button),
  );
  root.addEventListener('keydown', (event) => {
    const at = buttons.findIndex(({ button }) => button === document.activeElement);
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    const next = buttons[(at + step + buttons.length) % buttons.length];
    if (at === -1 || step === 0 || next === undefined) return;
    event.preventDefault();
    next.button.focus();
    onChoose(next.name);
  });
  return {
    root,
    draw(chosen) {
      for (const { name, button } of buttons) {
        button.setAttribute(chosenBy[role], String(name === chosen));
        button.tabIndex = name === chosen ? 0 : -1;
      }
    },
  };
}
