import type { CardView } from '../../../src/protocol/runsview.ts';
import type { PageExport, RunsTexts } from '../../../src/protocol/runtable.ts';
import type { BoardActions } from './board.ts';
import type { ChartCard } from './card.ts';
import type { MenuItem } from './menu.ts';
import type { Scene } from './scene.ts';

export type ChangeCards = (cards: readonly CardView[]) => readonly CardView[];

export function changeCard(cards: readonly CardView[], id: string, part: Partial<CardView>): readonly CardView[] {
  return cards.map((card) => (card.id === id ? { ...card, ...part } : card));
}

/** Before another one; null: to the end. */
export function moveCard(cards: readonly CardView[], id: string, before: string | null): readonly CardView[] {
  const own = cards.find((card) => card.id === id);
  if (own === undefined || before === id) return cards;
  const others = cards.filter((card) => card !== own);
  const at = others.findIndex((card) => card.id === before);
  return at === -1 ? [...others, own] : others.toSpliced(at, 0, own);
}

/** A new chart stands first, where it is seen. */
export function addCard(cards: readonly CardView[], text: string): readonly CardView[] {
  const taken = new Set(cards.map(({ id }) => id));
  let id = `= ${text}`;
  for (let count = 2; taken.has(id); count += 1) id = `= ${text} (${count})`;
  const look = { scale: 'linear', isWide: false, isHidden: false, isTable: false, isClipped: false } as const;
  return [{ id, y: [text], ...look }, ...cards];
}

/** Files of one card. */
const takeaways = [
  ['png', 'exportPng'],
  ['svg', 'exportSvg'],
  ['csv', 'exportCsv'],
] as const satisfies readonly (readonly [what: PageExport, label: keyof RunsTexts])[];

interface MenuOptions {
  readonly texts: RunsTexts;
  readonly scene: Scene | undefined;
  readonly actions: BoardActions;
  /** False in Restricted Mode, where nothing is written. */
  readonly mayEdit: boolean;
  /** So many places on. */
  readonly move: (by: number) => void;
}

/** What can be done with a card. */
export function cardMenu(card: ChartCard, options: MenuOptions): readonly (readonly MenuItem[])[] {
  const { texts, scene, actions, mayEdit, move } = options;
  const own = card.plan.card;
  const change = (part: Partial<CardView>): void => actions.onCards((cards) => changeCard(cards, own.id, part));
  const scale = (kind: CardView['scale'], label: string): MenuItem => ({
    ...{ label, isChecked: own.scale === kind, isRadio: true },
    press: () => change({ scale: kind }),
  });
  const toggle = (key: 'isTable' | 'isWide' | 'isClipped', label: string): MenuItem => ({
    ...{ label, isChecked: own[key] },
    press: () => change({ [key]: !own[key] }),
  });
  const isAdded = own.id.startsWith('= ');
  const selected = [...(scene?.selected ?? [])];
  const pinned = scene?.view.pinned ?? [];
  const pin = {
    label: texts.chartsPinSelected,
    press: () => actions.onView({ pinned: [...new Set([...pinned, ...selected])] }),
  };
  return [
    [scale('linear', texts.chartsLinear), scale('log', texts.chartsLog), scale('symlog', texts.chartsSymlog)],
    [
      toggle('isTable', texts.chartsTable),
      toggle('isWide', texts.chartsWide),
      toggle('isClipped', texts.chartsClipOne),
    ],
    [
      { label: texts.chartsExpression, press: () => card.edit(new Set(scene?.metrics)) },
      ...(selected.length > 0 ? [pin] : []),
      ...(pinned.length > 0 ? [{ label: texts.chartsUnpin, press: () => actions.onView({ pinned: [] }) }] : []),
    ],
    mayEdit ? takeaways.map(([what, label]) => ({ label: texts[label], press: () => actions.onTake(what, card) })) : [],
    [{ label: texts.chartsCopy, press: () => actions.onCopy(card) }],
    [
      { label: texts.chartsEarlier, press: () => move(-1) },
      { label: texts.chartsLater, press: () => move(1) },
      isAdded
        ? {
            label: texts.chartsRemove,
            press: () => actions.onCards((cards) => cards.filter(({ id }) => id !== own.id)),
          }
        : { label: texts.chartsHide, press: () => change({ isHidden: true }) },
    ],
  ];
}
