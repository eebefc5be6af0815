/*! @license
 * vega, vega-*, and vega-lite (Copyright (c) 2015, University of Washington Interactive Data Lab), BSD-3-Clause:
 *
 * Copyright (c) 2015-2023, University of Washington Interactive Data Lab
 * All rights reserved.
 *
 * Redistribution and use in source and binary forms, with or without
 * modification, are permitted provided that the following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this
 *    list of conditions and the following disclaimer.
 *
 * 2. Redistributions in binary form must reproduce the above copyright notice,
 *    this list of conditions and the following disclaimer in the documentation
 *    and/or other materials provided with the distribution.
 *
 * 3. Neither the name of the copyright holder nor the names of its contributors
 *   may be used to endorse or promote products derived from this software
 *   without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
 * AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
 * IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE
 * FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
 * DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR
 * SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER
 * CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY,
 * OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
 * OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 *
 * d3-*, internmap, topojson-client, and delaunator (Copyright (c) 2026, Mapbox), ISC. d3-scale-chromatic includes
 * color specifications and designs developed by Cynthia Brewer (https://colorbrewer.org/), Apache-2.0:
 *
 * Copyright 2010-2026 Mike Bostock
 *
 * Permission to use, copy, modify, and/or distribute this software for any purpose
 * with or without fee is hereby granted, provided that the above copyright notice
 * and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
 * REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND
 * FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
 * INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS
 * OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER
 * TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
 * THIS SOFTWARE.
 */
import { View, Warn, expressionFunction, parse, type Config, type Loader, type LoggerInterface, type Spec } from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, type TopLevelSpec } from 'vega-lite';
import { withAlpha, type Theme } from '../../shared/theme.ts';

// Vega and Vega-Lite, in a file of their own that is loaded when a template needs them. Expressions are interpreted, since the page's policy
// compiles none, and nothing is loaded from anywhere.

/** Longest list that an expression or a sequence may make. */
const MOST_ITEMS = 100_000;

/** An expression of few letters must not fill the memory. */
expressionFunction('sequence', (start: number, stop?: number, step = 1): number[] => {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = requireFew((to - from) / step);
  return Array.from({ length: count }, (_, index) => from + index * step);
});

function requireFew(count: number): number {
  const whole = Math.max(0, Math.ceil(count));
  if (!(whole <= MOST_ITEMS)) throw new Error(`A sequence has more than ${MOST_ITEMS} items.`);
  return whole;
}

interface Rendering {
  /** What it wanted to load. */
  readonly refused: readonly string[];
  readonly destroy: () => void;
}

/** Draws a filled template into an element. Rejects with the reason where it can't be drawn. */
export async function renderVega(holder: HTMLElement, filled: unknown, theme: Theme): Promise<Rendering> {
  const refused = new Set<string>();
  const problems: string[] = [];
  const logger = createLogger(problems);
  const spec = toVega(filled, theme, logger);
  requireNoSequences(spec);
  const runtime = parse(spec, undefined, { ast: true });
  const loader = createLoader(refused);
  const view = new View(runtime, {
    expr: expressionInterpreter,
    renderer: 'svg',
    loader,
    logger,
    logLevel: Warn,
    hover: true,
  });
  try {
    const stage = document.createElement('div');
    holder.replaceChildren(stage);
    view.initialize(stage);
    await view.runAsync();
  } catch (error) {
    view.finalize();
    throw error;
  }
  if (problems.length > 0 && refused.size === 0) throw fail(view, problems[0] ?? '');
  return { refused: [...refused], destroy: () => view.finalize() };
}

function fail(view: View, message: string): Error {
  view.finalize();
  return new Error(message);
}

/** A template may be Vega as well, by its schema. */
function toVega(filled: unknown, theme: Theme, logger: LoggerInterface): Spec {
  const config = configOf(theme);
  if (typeof filled !== 'object' || filled === null || Array.isArray(filled))
    throw new Error('A template must be a mapping.');
  const isVega = '$schema' in filled && String(filled.$schema).includes('/schema/vega/');
  // What a template says of looks wins over the theme.
  if (isVega) return { ...(filled as Spec), config: { ...config, ...(filled as Spec).config } };
  return compile(filled as TopLevelSpec, { config: config as never, logger }).spec;
}

/** Data that a spec makes by itself is as long as it says. */
function requireNoSequences(value: unknown): void {
  if (Array.isArray(value)) value.forEach(requireNoSequences);
  if (typeof value !== 'object' || value === null) return;
  const { type, start = 0, stop, step = 1 } = value as Readonly<Record<string, unknown>>;
  if (type === 'sequence' && stop !== undefined) requireFew((Number(stop) - Number(start)) / Number(step));
  Object.values(value).forEach(requireNoSequences);
}

/** Says no to everything, and remembers what it was asked for. */
function createLoader(refused: Set<string>): Loader {
  const refuse = (uri: string): Promise<never> => {
    refused.add(uri.length > 80 ? `${uri.slice(0, 79)}…` : uri);
    return Promise.reject(new Error(`${uri} is not loaded.`));
  };
  return { load: refuse, sanitize: refuse, http: refuse, file: refuse };
}

/** Errors are kept, warnings are nobody's business: templates of older versions have many. */
function createLogger(problems: string[]): LoggerInterface {
  const quiet = (): LoggerInterface => logger;
  const logger: LoggerInterface = {
    level: (level?: number) => (level === undefined ? Warn : logger),
    error: (...parts: readonly unknown[]) => {
      problems.push(parts.map((part) => (part instanceof Error ? part.message : String(part))).join(' '));
      return logger;
    },
    warn: quiet,
    info: quiet,
    debug: quiet,
  };
  return logger;
}

function configOf({ foreground, dim, grid, fontFamily, series }: Theme): Config {
  const text = {
    labelColor: dim,
    titleColor: dim,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 400,
    labelFont: fontFamily,
    titleFont: fontFamily,
  };
  const palette = Array.from({ length: 6 }, (_, index) => series(index));
  const main = series(0);
  return {
    background: 'transparent',
    padding: 4,
    font: fontFamily,
    title: { color: foreground, font: fontFamily, fontSize: 12, fontWeight: 600 },
    axis: { ...text, gridColor: grid, domain: false, ticks: false, labelPadding: 6 },
    legend: { ...text, symbolStrokeColor: dim, orient: 'bottom', columns: 3, labelLimit: 140 },
    header: text,
    view: { stroke: 'transparent' },
    range: {
      category: palette,
      ordinal: palette,
      ramp: [withAlpha(main, 0.1), main],
      heatmap: [withAlpha(main, 0.1), main],
    },
    mark: { color: main },
    text: { fill: foreground, font: fontFamily },
    rule: { stroke: dim },
  } as Config;
}
