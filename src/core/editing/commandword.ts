/** Words that every shell knows without a program of that name, those of cmd.exe included. */
const BUILTINS: ReadonlySet<string> = new Set(
  `. : [ alias assoc break call case cd chdir cls command continue copy date declare del dir do done echo else endlocal erase esac
  eval exec exit export false fi for ftype getopts goto hash if in let local md mkdir mklink move path pause popd printf pushd pwd
  rd read readonly rem ren rename return rmdir set setlocal shift source start test then time times title trap true type typeset
  ulimit umask unalias unset until ver verify vol wait while builtin function select`.split(/\s+/),
);

/**
 * The program that a command line starts, as far as that can be told without a shell: undefined for words that the shell itself
 * knows and for anything that it would expand first. `index`: where the word stands in the line.
 */
export function findProgram(line: string): { readonly word: string; readonly index: number } | undefined {
  const match = /^(\s*(?:[A-Za-z_]\w*=[\w./:,+@%-]*\s+)*)([A-Za-z0-9_.+/-]+)(?=$|[\s;&|<>])/.exec(line);
  const [, before = '', word = ''] = match ?? [];
  if (word === '' || BUILTINS.has(word) || BUILTINS.has(word.toLowerCase())) return undefined;
  return { word, index: before.length };
}
