import type { GraphContent, GraphNotice, GraphState, ToDagPage } from '../../protocol/dag.ts';

/** The page's half: puts messages together to the graph as it stands now. */
export class DagPageView {
  #graph: GraphContent | undefined;
  #notice: GraphNotice | undefined;
  #sequence: number | undefined;

  get graph(): GraphContent | undefined {
    return this.#graph;
  }

  get notice(): GraphNotice | undefined {
    return this.#notice;
  }

  /**
   * Takes a message over. `graph`: everything may have changed. `states`: only how stages stand. `resync`: a message is missing, and
   * nothing was taken over. `old`: it tells nothing that a later one has not told.
   */
  receive(message: ToDagPage): 'graph' | 'states' | 'resync' | 'old' {
    const last = this.#sequence;
    if (last !== undefined && message.sequence <= last) return 'old';
    if (message.type === 'states') {
      if (this.#graph === undefined || message.sequence !== (last ?? 0) + 1) return 'resync';
      this.#graph = withStates(this.#graph, message.states);
    } else {
      this.#graph = message.type === 'graph' ? message.graph : undefined;
      this.#notice = message.type === 'notice' ? message.notice : undefined;
    }
    this.#sequence = message.sequence;
    return message.type === 'states' ? 'states' : 'graph';
  }
}

function withStates({ stages, groups, warning }: GraphContent, changes: readonly GraphState[]): GraphContent {
  const changed = new Map(changes.map((stands) => [stands.name, stands]));
  const apply = <T extends GraphState>(stands: T): T => ({ ...stands, ...changed.get(stands.name) });
  return { stages: stages.map(apply), groups: groups.map(apply), warning };
}
