const adjectives =
  'able amber bold brave bright brisk calm clear clever cool cosy crisp deft eager fair fast fine fond glad gold grand green happy keen kind light lively lucky mellow merry mild neat noble plain proud quick quiet rapid ripe sharp shy silent smart snug solid stout sunny swift tidy warm wise young'.split(
    ' ',
  );
const animals =
  'ant badger bat bear beaver bee bison crane crow deer dove duck eagle falcon finch fox frog goose hare hawk hedgehog heron horse ibis jay kite koala lark lemur lion lynx mole moose moth newt otter owl panda parrot pony puffin quail rabbit raven robin salmon seal snail sparrow stork swan tiger toad trout turtle wolf wren yak'.split(
    ' ',
  );

/** A name that people can say, as `warm-fox`, always the same for one run id (hex digits). Names may repeat; ids don't. */
export function nameRun(runId: string): string {
  const pick = (words: readonly string[], digits: string): string =>
    words[Number.parseInt(digits, 16) % words.length] ?? 'run';
  return `${pick(adjectives, runId.slice(0, 6))}-${pick(animals, runId.slice(6, 12))}`;
}
