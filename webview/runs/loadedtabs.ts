import { setHidden } from '../shared/dom.ts';
import type { Tab, TabFacts, TabHost } from './tab.ts';
import { createPanel, loaderOf, tabNames, type TabName } from './tabs.ts';

interface LoadedTabsOptions {
  readonly hostOf: (tab: TabName) => TabHost;
  /** Draws the page soon. */
  readonly request: () => void;
}

interface LoadedTab {
  readonly name: TabName;
  readonly panel: HTMLElement;
  readonly load: NonNullable<ReturnType<typeof loaderOf>>;
  /** Undefined until it has been loaded. */
  tab: Tab | undefined;
  isAsked: boolean;
}

/** The tabs beside the table: each is loaded when somebody looks at it for the first time, and only the one that is looked at is drawn. */
export class LoadedTabs {
  readonly #tabs: readonly LoadedTab[];
  readonly #options: LoadedTabsOptions;
  #drawn: LoadedTab | undefined;

  constructor(options: LoadedTabsOptions) {
    this.#options = options;
    this.#tabs = tabNames.flatMap((name) => {
      const load = loaderOf(name);
      return load === undefined ? [] : [{ name, panel: createPanel(name), load, tab: undefined, isAsked: false }];
    });
  }

  get panels(): readonly HTMLElement[] {
    return this.#tabs.map(({ panel }) => panel);
  }

  /** Undefined: none of them is looked at. */
  draw(name: TabName | undefined, facts: TabFacts): void {
    const chosen = this.#tabs.find((one) => one.name === name);
    if (this.#drawn !== chosen) this.#drawn?.tab?.leave();
    this.#drawn = chosen;
    for (const one of this.#tabs) setHidden(one.panel, one !== chosen);
    if (chosen === undefined) return;
    if (chosen.tab === undefined) this.#load(chosen);
    else chosen.tab.draw(facts);
  }

  /** Each knows what it has asked for. Also while another one is looked at: who sends waits for an answer. */
  receive(...message: Parameters<NonNullable<Tab['receive']>>): void {
    for (const { tab } of this.#tabs) tab?.receive?.(...message);
  }

  receivePlots(...message: Parameters<NonNullable<Tab['receivePlots']>>): void {
    this.#drawn?.tab?.receivePlots?.(...message);
  }

  /** The tab that is looked at; undefined before it is loaded, and for the table. */
  get current(): Tab | undefined {
    return this.#drawn?.tab;
  }

  /** What can be taken away of it: charts of lines, another drawing, a picture, or nothing. */
  get offers(): 'lines' | 'drawing' | 'picture' | 'nothing' {
    if (this.current === undefined) return 'nothing';
    if (this.current.exported !== undefined) return 'lines';
    return this.current.drawing === undefined ? 'picture' : 'drawing';
  }

  #load(loaded: LoadedTab): void {
    if (loaded.isAsked) return;
    loaded.isAsked = true;
    const { hostOf, request } = this.#options;
    const begin = async (): Promise<void> => {
      const { createTab } = await loaded.load();
      loaded.tab = createTab(hostOf(loaded.name));
      loaded.panel.append(loaded.tab.root);
      request();
    };
    // Rejections are reported by the page's host; the next drawing tries once more.
    void begin().finally(() => (loaded.isAsked = loaded.tab !== undefined));
  }
}
