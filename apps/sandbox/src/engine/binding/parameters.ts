/** The `$1 … $n` of a PostgreSQL statement and where each value comes from when it runs. */
import type { TsqlType } from '../sql-engine.port.js';
import { carrier } from '../types/tsql-types.js';

export type ParameterSource =
  | { kind: 'variable'; name: string; type: TsqlType }
  /** A fact of the session: `@@rowcount`, `scope_identity`, `db_name` and so on. */
  | { kind: 'fact'; name: string; type: TsqlType }
  /** Something made when the statement runs: the rows of a system view or a name lookup, as JSON. */
  | { kind: 'made'; make: () => string | Promise<string> };

export class Parameters {
  readonly sources: ParameterSource[] = [];
  private readonly known = new Map<string, number>();

  variable(name: string, type: TsqlType): string {
    return this.reference(
      `v:${name.toLowerCase()}`,
      { kind: 'variable', name, type },
      carrier(type),
    );
  }

  fact(name: string, type: TsqlType): string {
    return this.reference(`f:${name}`, { kind: 'fact', name, type }, carrier(type));
  }

  made(make: () => string | Promise<string>): string {
    this.sources.push({ kind: 'made', make });
    return `$${this.sources.length}::jsonb`;
  }

  private reference(key: string, source: ParameterSource, cast: string): string {
    let at = this.known.get(key);
    if (at === undefined) {
      this.sources.push(source);
      at = this.sources.length;
      this.known.set(key, at);
    }
    return `$${at}::${cast}`;
  }
}
