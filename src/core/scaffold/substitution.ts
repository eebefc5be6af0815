import type { Problem } from '../../protocol/problem.ts';

type Escape = (value: string, startsLine: boolean) => string;

/** Inside the double quotes of JSON. */
const json = (value: string): string => JSON.stringify(value).slice(1, -1);

/** Inside the double quotes of YAML, which reads JSON's escapes and forbids a few characters more. */
const yaml = (value: string): string =>
  json(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** DVC would fill in `${name}`; a backslash before it (doubled within the quotes) keeps it as text. */
const dvcYaml: Escape = (value) => yaml(value).replaceAll('${', '\\\\${');

/** GitHub would evaluate `${{ … }}` wherever it stands; as an expression that gives the three characters, it stays text. */
const workflow: Escape = (value) => yaml(value).replaceAll('${{', "${{ '${{' }}");

/** Markdown: no links, markup or HTML by accident, and at the start of a line no heading or list. */
const markdown: Escape = (value, startsLine) => {
  const inline = value.replace(/[\\`*[\]<>|]/g, '\\$&');
  return startsLine ? inline.replace(/^[#+=~-]/, '\\$&').replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2') : inline;
};

/** One line of a file without syntax of its own. */
const text: Escape = (value) => value.replace(/[\r\n]+/g, ' ');

/**
 * Which escape a file needs, by its path in the project; the first row that fits counts. Nothing may be filled in in other kinds
 * (scripts, Makefiles): an answer could become code there.
 */
const kinds: readonly (readonly [RegExp, Escape])[] = [
  [/^\.github\/workflows\/[^/]+\.ya?ml$/, workflow],
  [/(^|\/)dvc\.yaml$/, dvcYaml],
  [/\.ya?ml$|(^|\/)MLproject$/, yaml],
  [/\.json$/, json],
  [/\.md$/, markdown],
  [/\.txt$|(^|\/)LICENSE$/, text],
  // The one value that lands here is made of checked answers, line by line.
  [/(^|\/)\.dvc\/config$/, (value) => value],
];

/**
 * Replaces every `{{name}}` by its value, escaped for the kind of file. There is no logic and nothing is evaluated. `${{ … }}`
 * is left alone, since it belongs to GitHub Actions. Names that are not in `values` are problems, with their places.
 */
export function substitute(
  content: string,
  path: string,
  values: Readonly<Record<string, string>>,
): { readonly text: string; readonly problems: readonly Problem[] } {
  const escape = kinds.find(([pattern]) => pattern.test(path))?.[1];
  if (escape === undefined)
    return { text: content, problems: [problemAt(path, content, 0, 'nothing may be filled in in this kind of file.')] };
  const problems: Problem[] = [];
  const filled = content.replace(/(?<!\$)\{\{([^{}\n]*)\}\}/g, (whole, inner: string, offset: number) => {
    const name = inner.trim();
    if (Object.hasOwn(values, name)) return escape(values[name] ?? '', offset === 0 || content[offset - 1] === '\n');
    problems.push(problemAt(path, content, offset, `there is no value called "${name}".`));
    return whole;
  });
  return { text: filled, problems };
}

function problemAt(file: string, content: string, offset: number, message: string): Problem {
  const before = content.slice(0, offset).split('\n');
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, severity: 'error', message };
}
