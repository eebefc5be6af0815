import type { GraphContent, GraphState } from '../../protocol/dag.ts';

/** What is one box of the drawing: a stage, or a group that is closed. */
export interface DrawnNode extends GraphState {
  /** How many stages a closed group holds; null for a stage. */
  readonly members: number | null;
  /** The open group that the stage belongs to. */
  readonly group: string | null;
  /** Names of boxes. */
  readonly needs: readonly string[];
}

/** The group that a box is, or that its stage belongs to. */
export function groupOfBox({ name, members, group }: DrawnNode): string | null {
  return members === null ? group : name;
}

/** The graph with closed groups as one box each, where their first member stands. */
export function toDrawnNodes({ stages, groups }: GraphContent, open: ReadonlySet<string>): readonly DrawnNode[] {
  const closed = new Map(groups.filter(({ name }) => !open.has(name)).map((group) => [group.name, group]));
  const boxOf = new Map(
    stages.map(({ name, group }) => [name, group !== null && closed.has(group) ? group : name] as const),
  );
  const toBoxes = (own: string, needs: readonly string[]): string[] => [
    ...new Set(needs.flatMap((need) => boxOf.get(need) ?? []).filter((box) => box !== own)),
  ];
  const byBox = Map.groupBy(stages, ({ name }) => boxOf.get(name) ?? name);
  return [...byBox].flatMap(([name, members]): readonly DrawnNode[] => {
    const group = closed.get(name);
    const needs = toBoxes(
      name,
      members.flatMap((member) => member.needs),
    );
    if (group !== undefined) return [{ ...group, members: members.length, group: null, needs }];
    return members.map((member) => ({ ...member, members: null, needs }));
  });
}
