import { element, setHidden } from '../../shared/dom.ts';
import type { Size } from '../../shared/pen.ts';

interface Row {
  readonly name: string;
  readonly text: string;
}

/** What the thing under the pointer is: a small table beside it, within the chart. */
export function createHover() {
  const root = element('div', { 'class': 'pop', 'data-part': 'pop', 'aria-hidden': 'true', 'hidden': '' });
  return {
    root,
    show(title: string, rows: readonly Row[], at: { readonly x: number; readonly y: number }, size: Size): void {
      root.replaceChildren(
        element('p', { dir: 'auto' }, title),
        element(
          'table',
          {},
          element(
            'tbody',
            {},
            ...rows.map(({ name, text }) =>
              element(
                'tr',
                {},
                element('th', { scope: 'row', dir: 'auto' }, name),
                element('td', { class: 'number', dir: 'auto' }, text),
              ),
            ),
          ),
        ),
      );
      setHidden(root, false);
      const { offsetWidth: width, offsetHeight: height } = root;
      const left = at.x + 16 + width > size.width ? at.x - 16 - width : at.x + 16;
      root.style.left = `${Math.max(4, Math.min(size.width - width - 4, left))}px`;
      root.style.top = `${Math.max(4, Math.min(size.height - height - 4, at.y - height / 2))}px`;
    },
    hide: () => setHidden(root, true),
  };
}
