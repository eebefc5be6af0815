/** An sRGB colour, each channel from 0 to 255. */
type Rgb = readonly [red: number, green: number, blue: number];

/** From little to much: blue, magenta, and the far end of warm, each farther from the background than the one before. */
const stops: Readonly<Record<'dark' | 'light', readonly Rgb[]>> = {
  dark: [
    [91, 127, 230],
    [215, 111, 192],
    [255, 216, 102],
  ],
  light: [
    [74, 114, 224],
    [163, 50, 173],
    [96, 12, 28],
  ],
};

/**
 * A colour of a sequential scale, as `rgb(1, 2, 3)`: equal steps of `part` (0 to 1) look about equally far apart, since it is mixed in OKLab (Björn Ottosson, "A perceptual color space for image processing", 2020). Every colour stands out
 * from its background (3 : 1 at least), and the greater the more.
 */
export function rampColor(part: number, tone: 'dark' | 'light'): string {
  const own = stops[tone];
  const place = Math.max(0, Math.min(1, part)) * (own.length - 1);
  const index = Math.min(own.length - 2, Math.floor(place));
  const [from, to] = [toLab(own[index] ?? [0, 0, 0]), toLab(own[index + 1] ?? [0, 0, 0])];
  const mixed = from.map((value, i) => value + (place - index) * ((to[i] ?? 0) - value));
  return `rgb(${toRgb(mixed).join(', ')})`;
}

/** WCAG 2's ratio of two colours, 1 to 21. */
export function contrastOf(a: Rgb, b: Rgb): number {
  const luminance = (rgb: Rgb): number => {
    const [red, green, blue] = rgb.map(toLinear) as [number, number, number];
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function toLinear(channel: number): number {
  const value = channel / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function toChannel(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.max(0, Math.min(1, value)));
}

function toLab(rgb: Rgb): number[] {
  const [r, g, b] = rgb.map(toLinear) as [number, number, number];
  const long = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const middle = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const short = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
  ];
}

function toRgb([lightness = 0, a = 0, b = 0]: readonly number[]): number[] {
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ].map(toChannel);
}
