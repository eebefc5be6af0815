import { ExpectedError, badInput, unknownName } from '../../protocol/errors.ts';
import type { AliasChange, ModelVersion, RegisteredModel } from '../../protocol/registry.ts';
import { findAliasMistake, findNearest } from '../names/names.ts';
import { parseHistory, standingMoves } from './history.ts';

/** Who moves an alias, when and why. */
export interface MoveFacts {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly reason?: string | undefined;
}

/** The alias a promotion is about when none is named: MLflow's own word for the version in use. */
export const defaultAlias = 'champion';

/** An alias set to a version, or removed (null). Throws `bad-input` for a name that MLflow refuses and for what would change nothing. */
export function planMove(model: RegisteredModel, alias: string, to: string | null, facts: MoveFacts): AliasChange {
  const from = versionOf(model, alias);
  if (to === null && from === null) throw unknownName('alias', alias, findNearest(alias, Object.keys(model.aliases)));
  // An alias that another program made by other rules can still be removed.
  const mistake = to === null ? undefined : findAliasMistake(alias);
  if (mistake !== undefined) throw badInput(mistake);
  if (from === to) throw badInput(`"${alias}" of ${model.name} is version ${to} already.`);
  return { ...{ name: model.name, alias, from, to }, ...toFacts(facts), isUndo: false };
}

/**
 * The last move of an alias taken back; without an alias that of the one that was moved last. Throws `unknown-name` when none was moved, and
 * `changed-meanwhile` when somebody has moved it since without a record.
 */
export function planUndo(model: RegisteredModel, alias: string | undefined, facts: MoveFacts): AliasChange {
  const moves = parseHistory(model.tags);
  const chosen = alias ?? moves.findLast(({ alias: name }) => standingMoves(moves, name).length > 0)?.alias;
  const last = chosen === undefined ? undefined : standingMoves(moves, chosen).at(-1);
  if (chosen === undefined || last === undefined)
    throw new ExpectedError(
      'unknown-name',
      `No move of ${alias === undefined ? 'an alias' : `"${alias}"`} of ${model.name} is on record.`,
    );
  const now = versionOf(model, chosen);
  if (now !== last.to)
    throw new ExpectedError(
      'changed-meanwhile',
      `"${chosen}" of ${model.name} was moved since: it was ${describe(last.to)} and is ${describe(now)}. Say where it belongs with "mlops models alias".`,
    );
  const hasTarget = last.from === null || model.versions.some(({ version }) => version === last.from);
  if (!hasTarget)
    throw unknownName(
      'version',
      `${model.name}/${last.from}`,
      model.versions.map(({ version }) => `${model.name}/${version}`).slice(0, 1),
    );
  return { ...{ name: model.name, alias: chosen, from: now, to: last.from }, ...toFacts(facts), isUndo: true };
}

function toFacts({ user, time, reason }: MoveFacts): { user: string; time: number; reason: string | null } {
  return { user, time, reason: reason === undefined || reason === '' ? null : reason };
}

function describe(version: string | null): string {
  return version === null ? 'on no version' : `version ${version}`;
}

function versionOf(model: RegisteredModel, alias: string): string | null {
  return Object.hasOwn(model.aliases, alias) ? (model.aliases[alias] ?? null) : null;
}

/** A version as people name it within its model: a number, an alias, or none for the newest. */
export interface VersionRequest {
  readonly version?: string | undefined;
  readonly alias?: string | undefined;
}

/** Throws `unknown-name`. */
export function chooseVersion(model: RegisteredModel, { version, alias }: VersionRequest): ModelVersion {
  const wanted = alias === undefined || alias.toLowerCase() === 'latest' ? version : versionOf(model, alias);
  if (wanted === null) throw unknownName('alias', `${model.name}@${alias ?? ''}`, nearestAliases(model, alias ?? ''));
  const found =
    wanted === undefined ? model.versions[0] : model.versions.find((candidate) => candidate.version === wanted);
  if (found !== undefined) return found;
  if (wanted === undefined)
    throw new ExpectedError(
      'unknown-name',
      `${model.name} has no version yet. Register one: mlops models register RUN --name "${model.name}".`,
    );
  if (alias !== undefined)
    throw new ExpectedError(
      'unknown-name',
      `${model.name}@${alias} is version ${wanted}, which is not there (any more).`,
    );
  throw unknownName(
    'version',
    `${model.name}/${wanted}`,
    findNearest(
      wanted,
      model.versions.map((one) => one.version),
    ).map((one) => `${model.name}/${one}`),
  );
}

function nearestAliases(model: RegisteredModel, alias: string): readonly string[] {
  return findNearest(alias, Object.keys(model.aliases)).map((name) => `${model.name}@${name}`);
}

/** `digits`, `digits@champion`, `digits/2`, with or without `models:/` before it. Undefined for what can be none of these. */
export function parseModelReference(text: string): (VersionRequest & { readonly name: string }) | undefined {
  const bare = text.replace(/^models:\/(?!\/)/, '');
  if (bare === '' || bare.startsWith('@')) return undefined;
  const [, name, alias, version] = /^([^@/\\:%]+)(?:@([^@/]+)|\/(\d+))?$/u.exec(bare) ?? [];
  if (name === undefined) return undefined;
  return { name, ...(alias === undefined ? {} : { alias }), ...(version === undefined ? {} : { version }) };
}
