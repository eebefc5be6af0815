const context = document.createElement('canvas').getContext('2d');
const known = new Map<string, string>();

export type Fitter = (text: string, width: number, size: number) => string;

/** Cuts texts to a width as the page's font draws them; SVG has no ellipsis of its own. */
export function createFitter(): Fitter {
  const family = getComputedStyle(document.body).fontFamily;
  return (text, width, size) => {
    const key = `${size} ${width} ${family} ${text}`;
    const fitted = known.get(key) ?? cut(text, width, `${size}px ${family}`);
    known.set(key, fitted);
    return fitted;
  };
}

function cut(text: string, width: number, font: string): string {
  if (context === null) return text;
  context.font = font;
  const fits = (candidate: string): boolean => context.measureText(candidate).width <= width;
  if (fits(text)) return text;
  const characters = Array.from(text);
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(`${characters.slice(0, middle).join('').trimEnd()}…`)) low = middle;
    else high = middle - 1;
  }
  return `${characters.slice(0, low).join('').trimEnd()}…`;
}
