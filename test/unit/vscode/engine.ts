import type { EngineEvents, EventName, PayloadOf, ReplyOf, RequestName } from '../../../src/protocol/engine.ts';
import type { EngineThread } from '../../../src/vscode/engine/client.ts';

type Replies = { readonly [N in RequestName]?: (payload: PayloadOf<N>) => ReplyOf<N> | Promise<ReplyOf<N>> };

/** An engine that answers from a table, remembers what it was asked, and tells what the test wants it to tell. */
export interface FakeEngine {
  readonly thread: EngineThread;
  readonly asked: { readonly name: RequestName; readonly payload: unknown }[];
  tell<N extends EventName>(name: N, event: EngineEvents[N]): void;
}

export function createEngine(replies: Replies): FakeEngine {
  const listeners = new Map<EventName, Set<(event: never) => void>>();
  const asked: FakeEngine['asked'] = [];
  const thread = {
    request: (name: RequestName, payload: never): Promise<unknown> => {
      asked.push({ name, payload });
      const answer = replies[name] as ((payload: never) => unknown) | undefined;
      return Promise.resolve(answer?.(payload) ?? null);
    },
    onEvent: (name: EventName, listener: (event: never) => void) => {
      listeners.set(name, (listeners.get(name) ?? new Set()).add(listener));
      return { dispose: () => void listeners.get(name)?.delete(listener) };
    },
    onRestart: () => ({ dispose: () => undefined }),
  } as unknown as EngineThread;
  return {
    thread,
    asked,
    tell: (name, event) => [...(listeners.get(name) ?? [])].forEach((listener) => listener(event as never)),
  };
}

/** Lets everything that waits for nothing but promises go on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 30; i += 1) await Promise.resolve();
}
