/** What can do harm, by the beginning of its name. A pickle that imports none of these can do harm as well: it calls what it imports. */
const alarming: readonly (readonly [RegExp, string])[] = [
  [
    /^(os|posix|nt|posixpath|subprocess|commands|popen2|pty|_posixsubprocess|multiprocessing)\./,
    'starts programs or reaches files',
  ],
  [/^(builtins|__builtin__)\.(eval|exec|execfile|compile|__import__|open|getattr|input|breakpoint)$/, 'runs any code'],
  [/^(runpy|code|codeop|importlib|imp|pydoc|timeit|cProfile|profile|bdb|pdb|trace|doctest)\./, 'runs any code'],
  [/^(sys|ctypes|_ctypes|cffi|gc|inspect|types)\./, 'reaches into the running program'],
  [
    /^(socket|_socket|ssl|asyncio|http|httplib|urllib|urllib2|requests|ftplib|smtplib|telnetlib|webbrowser|aiohttp)\./,
    'talks to other machines',
  ],
  [/^(shutil|pathlib|tempfile|glob|io|_io|zipfile|tarfile)\./, 'reaches files'],
  [/^(marshal|pickle|_pickle|cloudpickle|dill|joblib)\.(loads?|_.*|.*[Uu]npickl.*|cloudpickle)$/, 'loads more code'],
  [/^(cloudpickle|dill)\./, 'makes functions out of stored code'],
  [/^operator\.(attrgetter|methodcaller|itemgetter)$/, 'reaches into other objects'],
];

/** What an import is known to do; undefined for all others. */
export function describeImport(name: string): string | undefined {
  return alarming.find(([pattern]) => pattern.test(name))?.[1];
}
