type Child = Node | string;

/** What turns the direction of the letters behind it. Marks that only keep a name apart from its sentence are not among them. */
const turning = /[\u202a-\u202e\u2066\u2067]/g;

/** Attributes that people read or hear; others are compared. */
const isRead = /^(title|alt|placeholder|aria-.*)$/;

/** A text from elsewhere as it is read: a name that would be read backwards (`exe.png`) shows why. */
function toShown(text: string): string {
  return text.replace(turning, (mark) => `\\u${mark.charCodeAt(0).toString(16)}`);
}

interface Attributes {
  readonly class?: string;
  readonly [attribute: string]: string | undefined;
}

/** An element with attributes and children. Strings become text, never markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) made.setAttribute(name, isRead.test(name) ? toShown(value) : value);
  made.append(...children.map((child) => (typeof child === 'string' ? toShown(child) : child)));
  return made;
}

/** Sets text only where it differs, so that nothing is announced or laid out again for nothing. */
export function setText(target: Element, text: string): void {
  const shown = toShown(text);
  if (target.textContent !== shown) target.textContent = shown;
}

export function setHidden(target: HTMLElement, isHidden: boolean): void {
  if (target.hidden !== isHidden) target.hidden = isHidden;
}
