import { element, setHidden } from '../../shared/dom.ts';

export interface MenuItem {
  readonly label: string;
  /** Undefined for what is no switch. */
  readonly isChecked?: boolean;
  /** One of several. */
  readonly isRadio?: boolean;
  readonly press: () => void;
}

/** A button with a menu below it: arrow keys walk it, Escape closes it. A rule stands between groups of items. */
export function createMenu(options: {
  readonly name: () => string;
  readonly items: () => readonly (readonly MenuItem[])[];
}): { readonly root: HTMLElement; readonly button: HTMLButtonElement; rename(): void } {
  const button = element(
    'button',
    { 'class': 'word dots', 'type': 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
    '⋯',
  );
  const list = element('div', { class: 'menu', role: 'menu', hidden: '' });
  const root = element('div', { class: 'menuplace' }, button, list);
  const close = ({ returns }: { readonly returns: boolean }): void => {
    if (list.hidden) return;
    setHidden(list, true);
    button.setAttribute('aria-expanded', 'false');
    if (returns) button.focus();
  };
  const open = (): void => {
    const groups = options.items().map((items) => items.map((item) => toElement(item, () => close({ returns: true }))));
    list.replaceChildren(
      ...groups.flatMap((items, index) => [
        ...(index === 0 ? [] : [element('div', { class: 'rule', role: 'separator' })]),
        ...items,
      ]),
    );
    setHidden(list, false);
    button.setAttribute('aria-expanded', 'true');
    list.classList.toggle('up', list.getBoundingClientRect().bottom > window.innerHeight);
    list.querySelector('button')?.focus();
  };
  button.addEventListener('click', () => (list.hidden ? open() : close({ returns: true })));
  root.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && root.contains(relatedTarget))) close({ returns: false });
  });
  list.addEventListener('keydown', (event) => {
    const items = [...list.querySelectorAll('button')];
    const at = items.findIndex((item) => item === document.activeElement);
    const to: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const next = Object.hasOwn(to, event.key) ? to[event.key] : undefined;
    if (next !== undefined) items.at(next % items.length)?.focus();
    else if (event.key === 'Escape') close({ returns: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const rename = (): void => {
    button.setAttribute('aria-label', options.name());
    button.title = options.name();
    list.setAttribute('aria-label', options.name());
  };
  return { root, button, rename };
}

function toElement({ label, isChecked, isRadio = false, press }: MenuItem, close: () => void): HTMLElement {
  const role = isChecked === undefined ? 'menuitem' : isRadio ? 'menuitemradio' : 'menuitemcheckbox';
  const item = element(
    'button',
    {
      role,
      'type': 'button',
      'tabindex': '-1',
      'aria-checked': isChecked === undefined ? undefined : String(isChecked),
    },
    element('span', { 'class': 'check', 'aria-hidden': 'true' }, isChecked === true ? '✓' : ''),
    label,
  );
  item.addEventListener('click', () => {
    close();
    press();
  });
  return item;
}
