// What the problem matchers of package.json say, made here where expressions have names; a test holds the two equal. Nothing here
// needs the editor.

interface Pattern {
  readonly regexp: string;
  readonly file?: number;
  readonly line?: number;
  readonly column?: number;
  readonly severity?: number;
  readonly code?: number;
  readonly message?: number;
}

export interface ProblemMatcher {
  readonly name: string;
  readonly label: string;
  readonly owner: string;
  readonly source: string;
  readonly severity?: 'warning';
  readonly fileLocation: readonly string[];
  /** Lines that follow each other. */
  readonly pattern: Pattern | readonly Pattern[];
}

/** Before what a stage prints: its name when several run side by side, and spaces. Bounded, or an endless line took endless time. */
const LEAD = '^\\s{0,40}(?:[^|\\s][^|]{0,200} \\| )?\\s{0,40}';
/** An absolute path, or what Node makes of it in a stack; nothing of a package, and nothing of ours. */
const MODULE =
  '(?:file:\\/\\/(?:\\/(?=[A-Za-z]:))?)?(?!\\S*(?:[\\\\/]node_modules[\\\\/]|[\\\\/]dist[\\\\/](?:cli|worker)\\.js))((?:[A-Za-z]:)?[\\\\/][^:]*)';
const ANY: Pattern = { regexp: '^.*$' };
const MARKS: Pattern = { regexp: `${LEAD}[^\\w]{0,400}\\^[^\\w]{0,400}$` };

const PYTHON_FRAME: Pattern = { regexp: `${LEAD}File "([^"<]+)", line (\\d+)(?:, in .*)?$`, file: 1, line: 2 };
const PYTHON_ERROR: Pattern = {
  regexp: `${LEAD}([\\w.]*(?:Error|Exception|Exit|Interrupt|ExceptionGroup|Warning)(?:: .*)?)$`,
  message: 1,
};
const PYTEST_FRAME: Pattern = { regexp: `${LEAD}(\\S[^:]*\\.py):(\\d+): in .*$`, file: 1, line: 2 };
const PYTEST_ERROR: Pattern = { regexp: `${LEAD}E {3}(\\S.*)$`, message: 1 };

const kinds: Readonly<Record<string, readonly (Pattern | readonly Pattern[])[]>> = {
  'mlops': [
    {
      regexp: `${LEAD}(\\S.*?):(\\d+):(\\d+): (error|warning): (.*)$`,
      file: 1,
      line: 2,
      column: 3,
      severity: 4,
      message: 5,
    },
  ],
  // With and without --pretty.
  'tsc': [
    {
      regexp: `${LEAD}(\\S.*?)[:(](\\d+)[:,](\\d+)(?:\\):| -) (error|warning) (TS\\d+): (.*)$`,
      file: 1,
      line: 2,
      column: 3,
      severity: 4,
      code: 5,
      message: 6,
    },
  ],
  // The message with the first line of the stack; of a syntax error the place above the lines that it shows, of which there are
  // more or fewer: "file:///a.ts:4", code and marks, "SyntaxError: …".
  'node': [
    [
      {
        regexp: `${LEAD}(?:\\[cause\\]: )?((?!SyntaxError)\\w*(?:Error|Exception)(?: \\[\\w+\\])?(?:: .*)?)$`,
        message: 1,
      },
      { regexp: `${LEAD}at (?:.*\\()?${MODULE}:(\\d+):(\\d+)\\)?$`, file: 1, line: 2, column: 3 },
    ],
    ...[2, 3, 4, 5, 6].map((shown) => [
      { regexp: `${LEAD}${MODULE}:(\\d+)$`, file: 1, line: 2 },
      ...Array<Pattern>(shown).fill(ANY),
      { regexp: `${LEAD}(SyntaxError.*)$`, message: 1 },
    ]),
  ],
  // The innermost frame with its line of code, marks below it since Python 3.11, and the message.
  'python': [
    [PYTHON_FRAME, ANY, PYTHON_ERROR],
    [PYTHON_FRAME, ANY, MARKS, PYTHON_ERROR],
  ],
  // What pytest says with --tb=short; with --tb=line; and otherwise, where the last line of the message stands before the place.
  'pytest': [
    [PYTEST_FRAME, ANY, PYTEST_ERROR],
    [PYTEST_FRAME, ANY, MARKS, PYTEST_ERROR],
    { regexp: `${LEAD}(\\S[^:]*\\.py):(\\d+): (?!in )(?!\\w*Warning)(\\S.*)$`, file: 1, line: 2, message: 3 },
    [
      { regexp: `${LEAD}E {3,9}(?!Use -v)(\\S.*)$`, message: 1 },
      { regexp: `${LEAD}$` },
      { regexp: `${LEAD}(\\S[^:]*\\.py):(\\d+): \\w+$`, file: 1, line: 2 },
    ],
  ],
  'python-warning': [
    { regexp: `${LEAD}(\\S[^:]*\\.py):(\\d+): (\\w*Warning(?:: .*)?)$`, file: 1, line: 2, message: 3 },
  ],
};

/** Several of a kind are told apart by a number: `mlops-node`, `mlops-node-2` … */
export const problemMatchers: readonly ProblemMatcher[] = Object.entries(kinds).flatMap(([kind, patterns]) =>
  patterns.map((pattern, index): ProblemMatcher => {
    const name = kind === 'mlops' ? kind : `mlops-${kind}`;
    return {
      name: index === 0 ? name : `${name}-${index + 1}`,
      label: `%problemMatcher.${kind}%`,
      owner: 'mlops',
      source: kind === 'python-warning' ? 'python' : kind,
      ...(kind === 'python-warning' ? { severity: 'warning' as const } : {}),
      fileLocation: ['autoDetect', '${workspaceFolder}'],
      pattern,
    };
  }),
);
