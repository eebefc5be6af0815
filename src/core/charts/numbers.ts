const narrowSpace = '\u202f';

/** A measured value for people: about four significant digits, `NaN` and `∞` as themselves. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.0001 || size >= 1e7) return shortExponent(value);
  if (size < 0.01) return withSign(shortest(Number(value.toPrecision(3)), 8));
  const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
  return withSign(groupDigits(value.toFixed(decimals)));
}

/** Labels of an axis: the same number of decimals on every tick, exponents where those would be long. */
export function formatTicks(ticks: readonly number[]): string[] {
  const sizes = ticks.map(Math.abs).filter((size) => size > 0);
  if (sizes.length > 0 && (Math.max(...sizes) >= 1e6 || Math.max(...sizes) < 0.0005)) return ticks.map(shortExponent);
  return ticks.map((tick) => withSign(groupDigits(shortest(tick, 6))));
}

/** A step, epoch or count: whole where it is whole. */
export function formatCount(value: number): string {
  return withSign(groupDigits(Number.isInteger(value) ? String(value) : value.toFixed(1)));
}

/** Seconds as `41 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Puts values into a sentence's places `{0}`, `{1}` …, as `vscode.l10n.t` does. */
export function fillIn(sentence: string, ...values: readonly (string | number)[]): string {
  return sentence.replace(/\{(\d+)\}/g, (place, index: string) => String(values[Number(index)] ?? place));
}

const withSign = (text: string): string => (text.startsWith('-') ? `−${text.slice(1)}` : text);

/** Decimals as they are needed, up to `most`: 0.05, 0.125, 2. */
function shortest(value: number, most: number): string {
  return value.toFixed(most).replace(/\.?0+$/, '');
}

function shortExponent(value: number): string {
  if (value === 0) return '0';
  const [digits = '', exponent = ''] = value.toExponential(2).split('e');
  return withSign(`${digits.replace(/\.?0+$/, '')}e${exponent.replace('+', '')}`);
}

/** 12 345, from five digits on, as the International System of Units recommends. */
function groupDigits(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const grouped = whole.replace('-', '').length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, narrowSpace) : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
