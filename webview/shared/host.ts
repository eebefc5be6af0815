/** What VS Code gives a page, once. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Host<Out> {
  post(message: Out): void;
  readState(): unknown;
  writeState(state: unknown): void;
}

interface Connection<In, Out> {
  readonly parse: (raw: unknown) => In | undefined;
  readonly receive: (message: In) => void;
  /** Told how many messages were none, each time that there is one more. */
  readonly ignored: (count: number) => void;
  readonly toError: (message: string) => Out;
}

/**
 * Connects the page with the extension. Messages that are none of this version are counted and change nothing; an error of the page is reported to the
 * extension's log (at most ten, so that a page that fails on every frame does not flood it).
 */
export function connectHost<In, Out>({ parse, receive, ignored, toError }: Connection<In, Out>): Host<Out> {
  const api = acquireVsCodeApi();
  const post = (message: Out): void => api.postMessage(message);
  let [ignoredCount, errorCount] = [0, 0];
  const report = (error: unknown): void => {
    errorCount += 1;
    if (errorCount <= 10) post(toError(error instanceof Error ? (error.stack ?? error.message) : String(error)));
  };
  window.addEventListener('error', (event) => report(event.error ?? event.message));
  window.addEventListener('unhandledrejection', (event) => report(event.reason));
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const message = parse(event.data);
    if (message !== undefined) {
      receive(message);
      return;
    }
    ignoredCount += 1;
    ignored(ignoredCount);
  });
  return { post, readState: () => api.getState(), writeState: (state) => api.setState(state) };
}

/** What the extension wrote into an attribute of the page's body, as JSON. */
export function readBodyData(name: 'texts' | 'context'): unknown {
  const json = document.body.dataset[name];
  return json === undefined ? undefined : JSON.parse(json);
}
