import {
  dagProtocolVersion,
  type GraphContent,
  type GraphNotice,
  type GraphState,
  type ToDagPage,
} from '../../protocol/dag.ts';

type Content = GraphContent | GraphNotice;

/**
 * The extension's half of a graph page: knows what the page has and gives out what it lacks, as little as possible. Knows no
 * clock and no channel: whoever owns it sends what {@link next} returns, after each call that changes something.
 */
export class DagPageSession {
  #content: Content;
  #sent: Content | undefined;
  #isReady = false;
  #sequence = 0;

  constructor(notice: GraphNotice) {
    this.#content = notice;
  }

  /** The page has been loaded (again), or has lost something: it gets everything. */
  begin(): void {
    this.#isReady = true;
    this.#sent = undefined;
  }

  show(content: Content): void {
    this.#content = content;
  }

  /** The next message for the page, or undefined while it is not there or has everything. */
  next(): ToDagPage | undefined {
    const [content, sent] = [this.#content, this.#sent];
    if (!this.#isReady || content === sent) return undefined;
    const message = toMessage(content, sent);
    this.#sent = content;
    if (message === undefined) return undefined;
    this.#sequence += 1;
    return { protocol: dagProtocolVersion, sequence: this.#sequence, ...message };
  }
}

type Unnumbered<M = ToDagPage> = M extends ToDagPage ? Omit<M, 'protocol' | 'sequence'> : never;

function toMessage(content: Content, sent: Content | undefined): Unnumbered | undefined {
  if ('kind' in content) return { type: 'notice', notice: content };
  if (sent === undefined || 'kind' in sent || shapeOf(sent) !== shapeOf(content))
    return { type: 'graph', graph: content };
  const states = findChanges([...sent.stages, ...sent.groups], [...content.stages, ...content.groups]);
  return states.length === 0 ? undefined : { type: 'states', states };
}

/** All but the states. */
function shapeOf({ stages, groups, warning }: GraphContent): string {
  return JSON.stringify([
    stages.map(({ name, group, needs }) => [name, group, needs]),
    groups.map(({ name }) => name),
    warning,
  ]);
}

function findChanges(before: readonly GraphState[], after: readonly GraphState[]): readonly GraphState[] {
  const known = new Map(before.map((stands) => [stands.name, stands]));
  return after
    .filter(({ name, state, spoken, words }) => {
      const old = known.get(name);
      return old?.state !== state || old.spoken !== spoken || old.words !== words;
    })
    .map(({ name, state, words, spoken }) => ({ name, state, words, spoken }));
}
