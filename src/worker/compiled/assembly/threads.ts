// Meeting of threads. A place has two words: how many have come, and how often all have met. Whoever waits spins a while first: most steps
// follow each other within microseconds, and waking a thread takes a hundred.

/** Of the word at `poison`: a thread has given up, the others must too. */
function isPoisoned(poison: usize): bool {
  return atomic.load<i32>(poison) != 0;
}

/** What a thread waits at once, in nanoseconds. */
const SLICE: i64 = 1000000000;

/**
 * Waits for all `threads`; 0 when they have met, 1 when one did not come in so many seconds, or had given up before. The seconds are counted
 * one by one: a process that was halted for an hour, as by Ctrl+Z, has lost one of them.
 */
export function meet(place: usize, threads: i32, spins: i32, seconds: i32, poison: usize): i32 {
  const turn = atomic.load<i32>(place, 4);
  if (atomic.add<i32>(place, 1) == threads - 1) {
    atomic.store<i32>(place, 0);
    atomic.add<i32>(place, 1, 4);
    atomic.notify(place + 4, threads);
    return isPoisoned(poison);
  }
  for (let i = 0; i < spins; i++) if (atomic.load<i32>(place, 4) != turn) return isPoisoned(poison);
  let left = seconds;
  while (atomic.load<i32>(place, 4) == turn) {
    if (isPoisoned(poison)) return 1;
    if (atomic.wait<i32>(place + 4, turn, SLICE) != 2) left = seconds;
    else if (--left <= 0) {
      atomic.store<i32>(poison, 1);
      return 1;
    }
  }
  return isPoisoned(poison);
}

/** Lets the others go on from `awaitStart`. */
export function start(place: usize, threads: i32): void {
  atomic.add<i32>(place, 1);
  atomic.notify(place, threads);
}

/** Waits until there was a start after that number; gives its number. */
export function awaitStart(place: usize, last: i32, spins: i32): i32 {
  for (let i = 0; i < spins; i++) if (atomic.load<i32>(place) != last) return atomic.load<i32>(place);
  while (atomic.load<i32>(place) == last) atomic.wait<i32>(place, last, -1);
  return atomic.load<i32>(place);
}
