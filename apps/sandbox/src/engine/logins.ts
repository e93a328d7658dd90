/**
 * Logins and what they may do. The rules here decide what T-SQL a login may speak; the same rules
 * become PostgreSQL roles and grants, so that a gap in the front end still cannot read or write.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export type Right = 'none' | 'read' | 'readWrite' | 'owner';

export interface SandboxLogin {
  user: string;
  password: string;
  /** By catalogue name; a catalogue that is not named is closed. */
  rights: Record<string, Right>;
  /** `Catalogue.schema.Table` or `Catalogue.schema.Table.Column` that the login may neither read nor write. */
  deny?: string[];
  /** Procedures the login may run, as `Catalogue.schema.Name`. Owners may run all of their catalogue's. */
  execute?: string[];
  sysadmin?: boolean;
  /** May KILL other sessions. */
  alterAnyConnection?: boolean;
}

const systemCatalogues = ['master', 'tempdb'];

export class LoginRights {
  private readonly rights: Map<string, Right>;
  private readonly denied: Set<string>;
  private readonly executable: Set<string>;

  constructor(readonly login: SandboxLogin) {
    this.rights = new Map(
      Object.entries(login.rights).map(([name, right]) => [name.toLowerCase(), right]),
    );
    this.denied = new Set((login.deny ?? []).map((name) => name.toLowerCase()));
    this.executable = new Set((login.execute ?? []).map((name) => name.toLowerCase()));
  }

  get isAdmin(): boolean {
    return this.login.sysadmin === true;
  }

  right(catalogue: string): Right {
    if (this.isAdmin) return 'owner';
    const found = this.rights.get(catalogue.toLowerCase());
    if (found) return found;
    return systemCatalogues.includes(catalogue.toLowerCase()) ? 'read' : 'none';
  }

  mayEnter(catalogue: string): boolean {
    return this.right(catalogue) !== 'none' || this.executesIn(catalogue);
  }

  private executesIn(catalogue: string): boolean {
    return [...this.executable].some((name) => name.startsWith(`${catalogue.toLowerCase()}.`));
  }

  mayRead(table: string, catalogue: string): boolean {
    return this.right(catalogue) !== 'none' && !this.denied.has(table.toLowerCase());
  }

  mayWrite(table: string, catalogue: string): boolean {
    return (
      ['readWrite', 'owner'].includes(this.right(catalogue)) &&
      !this.denied.has(table.toLowerCase())
    );
  }

  mayUseColumn(table: string, column: string): boolean {
    return !this.denied.has(`${table}.${column}`.toLowerCase());
  }

  mayDefine(catalogue: string): boolean {
    return this.right(catalogue) === 'owner';
  }

  mayExecute(procedure: string, catalogue: string): boolean {
    return this.right(catalogue) === 'owner' || this.executable.has(procedure.toLowerCase());
  }

  get hasDenials(): boolean {
    return this.denied.size > 0;
  }

  accepts(password: string): boolean {
    const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(password), digest(this.login.password));
  }
}

/** PostgreSQL's role of a login. */
export function roleOf(user: string): string {
  return `login:${user.toLowerCase()}`;
}

export const ownerRole = 'clinic:owner';
