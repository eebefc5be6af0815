// The only file that knows the toolkit: each control is registered by itself, and the pages see plain elements. To move to
// another set of controls is to rewrite this file.
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeDropdown, vsCodeOption } from '@vscode/webview-ui-toolkit';
import { element } from './dom.ts';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption());
}

export function createButton(
  label: string,
  options: { readonly primary?: boolean; readonly onPress: () => void },
): HTMLElement {
  const button = document.createElement('vscode-button');
  button.setAttribute('appearance', options.primary === true ? 'primary' : 'secondary');
  button.append(label);
  button.addEventListener('click', options.onPress);
  return button;
}

export function setDisabled(control: HTMLElement, isDisabled: boolean): void {
  control.toggleAttribute('disabled', isDisabled);
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

export interface Dropdown {
  readonly root: HTMLElement;
  /** Shows these choices with one of them chosen; does nothing when they are what is shown already. */
  update(choices: readonly Choice[], chosen: string): void;
}

export function createDropdown(label: string, onChoose: (value: string) => void): Dropdown {
  const root = document.createElement('vscode-dropdown');
  root.setAttribute('aria-label', label);
  root.addEventListener('change', () => {
    const { value } = root as HTMLElement & { value?: unknown };
    if (typeof value === 'string') onChoose(value);
  });
  let shown = '';
  return {
    root,
    update(choices, chosen) {
      const next = JSON.stringify([choices, chosen]);
      if (next === shown) return;
      shown = next;
      root.replaceChildren(
        ...choices.map(({ value, label: text }) => {
          const option = document.createElement('vscode-option');
          option.setAttribute('value', value);
          option.toggleAttribute('selected', value === chosen);
          option.append(text);
          return option;
        }),
      );
      // The control keeps the place of its choice when it takes in new options, and does so only after this turn.
      requestAnimationFrame(() => {
        (root as HTMLElement & { value?: string }).value = chosen;
      });
    },
  };
}

export interface Field {
  readonly root: HTMLElement;
  text(): string;
  /** What stands in the field as long as the user has written nothing of their own. */
  suggest(text: string): void;
  setWrong(isWrong: boolean): void;
  clear(): void;
}

/** A short text with its name before it; Enter does what it is for. `wrong`: what is said of a text that is not understood. */
export function createField(name: string, options: { readonly wrong: string; readonly onEnter: () => void }): Field {
  const input = element('input', { type: 'text', inputmode: 'decimal', size: '8', spellcheck: 'false' });
  const root = element('label', {}, element('span', { class: 'dim' }, name), input);
  let isOwn = false;
  const setWrong = (isWrong: boolean): void => {
    input.setAttribute('aria-invalid', String(isWrong));
    input.title = isWrong ? options.wrong : '';
  };
  input.addEventListener('input', () => {
    isOwn = input.value !== '';
    setWrong(false);
  });
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') options.onEnter();
  });
  return {
    root,
    text: () => input.value,
    suggest(text) {
      if (!isOwn && document.activeElement !== input && input.value !== text) input.value = text;
    },
    setWrong,
    clear() {
      isOwn = false;
      input.value = '';
      setWrong(false);
    },
  };
}

/** A word that switches something on and off, in the head of a card: too small a thing for a button with a frame. */
export function createToggle(
  word: string,
  options: { readonly name: string; readonly onToggle: () => void },
): HTMLButtonElement {
  const toggle = element(
    'button',
    { 'class': 'word', 'type': 'button', 'aria-label': options.name, 'aria-pressed': 'false' },
    word,
  );
  toggle.addEventListener('click', options.onToggle);
  return toggle;
}

export interface Slider {
  readonly root: HTMLElement;
  set(value: number): void;
}

/** From 0 to `most`, with its value in words beside it; `onInput` with each step that it moves. */
export function createSlider(
  name: string,
  options: {
    readonly most: number;
    readonly step: number;
    readonly format: (value: number) => string;
    readonly onInput: (value: number) => void;
  },
): Slider {
  const { most, step, format, onInput } = options;
  const input = element('input', {
    'type': 'range',
    'min': '0',
    'max': String(most),
    'step': String(step),
    'aria-label': name,
  });
  const words = element('span', { 'class': 'number', 'aria-hidden': 'true' });
  const say = (value: number): void => {
    words.textContent = format(value);
    input.setAttribute('aria-valuetext', format(value));
  };
  input.addEventListener('input', () => {
    say(input.valueAsNumber);
    onInput(input.valueAsNumber);
  });
  return {
    root: element('div', { class: 'slider' }, input, words),
    set(value) {
      if (input.valueAsNumber !== value) input.value = String(value);
      say(value);
    },
  };
}
