/** The shape of an entry in the function tables, and the few ways of writing one. */
import type { TsqlType } from '../sql-engine.port.js';
import type { Expression } from '../syntax/syntax-tree.js';
import { convert } from '../types/conversions.js';
import type { Bound } from './bound.js';
import type { ExpressionBinder } from './expression-binder.js';
import type { Scope } from './scope.js';

export interface CallContext {
  binder: ExpressionBinder;
  scope: Scope;
  /** As written, for messages. */
  name: string;
  nodes: Expression[];
  /** Argument by position, bound on demand. */
  value(at: number): Bound;
  /** Argument as text, other types converted. */
  text(at: number): Bound;
  /** Argument converted to a type. */
  as(at: number, type: TsqlType): string;
  count: number;
}

export interface FunctionEntry {
  min: number;
  max: number;
  bind(call: CallContext): Bound;
}

export type FunctionTable = Record<string, FunctionEntry>;

export function entry(min: number, max: number, bind: (call: CallContext) => Bound): FunctionEntry {
  return { min, max, bind };
}

/** A result that may be NULL. */
export function result(sql: string, type: TsqlType, nullable = true): Bound {
  return { sql, type, nullable };
}

/** A fact of the session as a parameterless function. */
export function fact(name: string, type: TsqlType): FunctionEntry {
  return entry(0, 0, ({ binder }) => result(`(${binder.parameters.fact(name, type)})`, type));
}

export function converted(value: Bound, type: TsqlType): string {
  return convert(value, type);
}
