// The few pieces from which the figures are drawn. SVG is text: figures stay sharp, and a change of theirs can be read in git.

export const colors = { text: '#1f2328', dim: '#6e7781', grid: '#e6e9ec', data: '#0969da', error: '#cf222e' };

/** A whole picture on white, `width` × `height` pixels. */
export function svg(width: number, height: number, ...content: string[]): string {
  const body = content.filter((part) => part !== '').join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colors.text}">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${body}
</svg>
`;
}

export type Attributes = Record<string, string | number>;

export function text(x: number, y: number, content: string | number, attributes: Attributes = {}): string {
  return `<text x="${round(x)}" y="${round(y)}"${format(attributes)}>${escape(String(content))}</text>`;
}

export function rect(x: number, y: number, width: number, height: number, attributes: Attributes = {}): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"${format(attributes)}/>`;
}

export function line(points: [number, number][], attributes: Attributes = {}): string {
  const places = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${places}" fill="none"${format(attributes)}/>`;
}

export function circle(x: number, y: number, r: number, attributes: Attributes = {}): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${r}"${format(attributes)}/>`;
}

export function move(x: number, y: number, ...content: string[]): string {
  return `<g transform="translate(${round(x)} ${round(y)})">\n${content.join('\n')}\n</g>`;
}

/** Four to six round values (1, 2 or 5 times a power of ten apart) within `low` … `high`. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.8) ?? 10 * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function format(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escape(String(value))}"`)
    .join('');
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
