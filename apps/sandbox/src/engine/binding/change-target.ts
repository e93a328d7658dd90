/**
 * Finds the table that `UPDATE x … FROM` means and takes it out of the FROM clause, where PostgreSQL
 * wants only the other tables. On inner joins that is possible; on outer joins the caller must look
 * the rows up first.
 */
import type { Expression, ObjectName, TableSource } from '../syntax/syntax-tree.js';

export interface Detached {
  kind: 'plain' | 'joined';
  /** The real table. */
  name: ObjectName;
  alias?: string;
  /** Lowercase name under which the target is known in FROM. */
  exposed: string;
  rest: TableSource[];
  conditions: Expression[];
  /** On the side of an outer join that may be missing. */
  optional: boolean;
}

export function detachTarget(from: TableSource[], target: ObjectName): Detached {
  const at = from.findIndex((source) => holds(source, target));
  const found = at < 0 ? undefined : findIn(from[at] as TableSource, target);
  if (!found || found.kind !== 'table') {
    return {
      kind: 'plain',
      name: target,
      exposed: (target.at(-1) as string).toLowerCase(),
      rest: from,
      conditions: [],
      optional: false,
    };
  }
  const exposed = (found.alias ?? (found.name.at(-1) as string)).toLowerCase();
  const base = {
    name: found.name,
    exposed,
    ...(found.alias === undefined ? {} : { alias: found.alias }),
  };
  const taken = takeOut(from[at] as TableSource, found);
  if (!taken)
    return {
      ...base,
      kind: 'joined',
      rest: [],
      conditions: [],
      optional: isOptional(from[at] as TableSource, found),
    };
  return {
    ...base,
    kind: 'plain',
    rest: [...from.slice(0, at), ...taken.rest, ...from.slice(at + 1)],
    conditions: taken.conditions,
    optional: false,
  };
}

function isTarget(source: TableSource, target: ObjectName): boolean {
  if (source.kind !== 'table') return false;
  if (target.length === 1 && source.alias?.toLowerCase() === target[0]?.toLowerCase()) return true;
  return (
    source.alias === undefined &&
    (source.name.at(-1) as string).toLowerCase() === (target.at(-1) as string).toLowerCase()
  );
}

/** An alias match wins; else the table's own name, even behind another alias. */
function findIn(source: TableSource, target: ObjectName): TableSource | undefined {
  const all = leaves(source);
  return all.find((leaf) => isTarget(leaf, target)) ?? all.find((leaf) => sameTable(leaf, target));
}

function holds(source: TableSource, target: ObjectName): boolean {
  return findIn(source, target) !== undefined;
}

function sameTable(source: TableSource, target: ObjectName): boolean {
  return (
    source.kind === 'table' &&
    (source.name.at(-1) as string).toLowerCase() === (target.at(-1) as string).toLowerCase()
  );
}

function leaves(source: TableSource): TableSource[] {
  return source.kind === 'join' ? [...leaves(source.left), ...leaves(source.right)] : [source];
}

function takeOut(
  source: TableSource,
  target: TableSource,
): { rest: TableSource[]; conditions: Expression[] } | undefined {
  if (source === target) return { rest: [], conditions: [] };
  if (source.kind !== 'join' || (source.join !== 'inner' && source.join !== 'cross'))
    return undefined;
  const inLeft = leaves(source.left).includes(target);
  const inner = takeOut(inLeft ? source.left : source.right, target);
  if (!inner) return undefined;
  const other = inLeft ? source.right : source.left;
  return {
    rest: [...inner.rest, other],
    conditions: [...inner.conditions, ...(source.on ? [source.on] : [])],
  };
}

/** Whether an outer join may leave this source without a row. */
function isOptional(source: TableSource, target: TableSource): boolean {
  if (source.kind !== 'join') return false;
  const inLeft = leaves(source.left).includes(target);
  const weak =
    source.join === 'full' ||
    (inLeft ? source.join === 'right' : ['left', 'outerApply'].includes(source.join));
  return weak || isOptional(inLeft ? source.left : source.right, target);
}
