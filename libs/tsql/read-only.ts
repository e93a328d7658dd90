/**
 * The second net under `sql:read`: admits one plain SELECT and nothing else. The database login's
 * own rights are the boundary; this check refuses early what a read login should never try, and
 * keeps a read from taking locks or starting a second statement. It works on tokens, never on text.
 */
import {
  forbiddenInSys,
  forbiddenObjects,
  forbiddenPrefixes,
  forbiddenWords,
  systemCatalogues,
} from '#libs/tsql/forbidden-words.js';
import { catalogueFault } from '#libs/tsql/catalogue-names.js';
import { lex, lexicalFaults, type Token } from '#libs/tsql/lexer.js';
import { isName, isOperator, isWord } from '#libs/tsql/tokens.js';

/** Every reason a statement can be refused for. Words of ours: none holds anything of the text. */
export const readOnlyReasons = [
  ...lexicalFaults,
  'empty',
  'notSelect',
  'secondStatement',
  'parentheses',
  'nesting',
  'write',
  'execute',
  'external',
  'control',
  'lockHint',
  'batch',
  'browse',
  'resources',
  'sequence',
  'procedure',
  'systemCatalogue',
  'linkedServer',
  'otherCatalogue',
] as const;
export type ReadOnlyReason = (typeof readOnlyReasons)[number];

/** The verdict on a statement; `reason` is one of `readOnlyReasons`. */
export type ReadOnlyVerdict = { ok: true } | { ok: false; reason: string };

const MAX_NESTING = 64;
/** Database, schema, object; a fourth part names a linked server. */
const MAX_NAME_PARTS = 3;

/** What may follow WITH inside a SELECT: table hints, TOP … WITH TIES, GROUP BY … WITH ROLLUP. */
const WITHIN_SELECT = new Set(['TIES', 'ROLLUP', 'CUBE']);
/** Service Broker's statements, whose first words are plain ones elsewhere. */
const CONVERSING = new Set(['END', 'GET', 'MOVE']);
const SET_OPERATORS = new Set(['UNION', 'EXCEPT', 'INTERSECT']);

/** Lower case without accents or width, as the most forgiving catalogue collation would compare names. */
function fold(name: string): string {
  const folded = /^[\x20-\x7e]*$/.test(name)
    ? name
    : name.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ı', 'i').replaceAll('ß', 'ss');
  return folded.trim().toLowerCase();
}

class Statement {
  private readonly tokens: readonly Token[];
  private readonly startsWithCte: boolean;
  private mainSelectSeen = false;
  private depth = 0;

  constructor(
    tokens: readonly Token[],
    private readonly sql: string,
  ) {
    this.tokens = tokens;
    this.startsWithCte = isWord(tokens[0], 'WITH');
  }

  fault(): ReadOnlyReason | undefined {
    const first = this.tokens.find((token) => !isOperator(token, '('));
    if (first === undefined) return 'empty';
    if (!isWord(first, 'SELECT') && first !== this.tokens[0]) return 'notSelect';
    if (!isWord(first, 'SELECT') && !this.startsWithCte) return this.wordFault(0) ?? 'notSelect';
    for (let i = 0; i < this.tokens.length; i += 1) {
      const fault = this.faultAt(i);
      if (fault !== undefined) return fault;
    }
    if (this.depth !== 0) return 'parentheses';
    return this.mainSelectSeen ? undefined : 'notSelect';
  }

  private faultAt(i: number): ReadOnlyReason | undefined {
    const token = this.tokens[i] as Token;
    if (token.kind === 'operator') return this.operatorFault(token);
    if (token.kind === 'word') return this.wordFault(i) ?? this.nameFault(i);
    return token.kind === 'quotedName' ? this.nameFault(i) : undefined;
  }

  private operatorFault(token: Token): ReadOnlyReason | undefined {
    if (token.text === ';') return 'secondStatement';
    if (token.text === '(') {
      this.depth += 1;
      return this.depth > MAX_NESTING ? 'nesting' : undefined;
    }
    if (token.text === ')') {
      this.depth -= 1;
      return this.depth < 0 ? 'parentheses' : undefined;
    }
    return undefined;
  }

  private wordFault(i: number): ReadOnlyReason | undefined {
    const word = (this.tokens[i] as Token).text;
    const next = this.tokens[i + 1];
    const forbidden = forbiddenWords.get(word);
    if (forbidden !== undefined) return forbidden as ReadOnlyReason;
    if (word === 'SELECT') return this.selectFault(i);
    if (word === 'WITH') return this.withFault(i, next);
    if (word === 'NEXT' && isWord(next, 'VALUE')) return 'sequence';
    if (word === 'FOR' && isWord(next, 'BROWSE')) return 'browse';
    if (CONVERSING.has(word) && isWord(next, 'CONVERSATION')) return 'control';
    if (word === 'MAXDOP' && !this.isOne(i + 1)) return 'resources';
    // OFFSET … FETCH NEXT n ROWS is part of a SELECT; FETCH NEXT FROM reads a cursor.
    if (word === 'FETCH' && (!this.isRowCount(i + 1) || isWord(this.tokens[i + 2], 'FROM'))) {
      return 'control';
    }
    return undefined;
  }

  /** A read may ask for fewer of the server's processors, not for more. */
  private isOne(i: number): boolean {
    const [number, after] = [this.tokens[i], this.tokens[i + 1]];
    return number?.kind === 'number' && this.sql.slice(number.at, after?.at).trim() === '1';
  }

  private isRowCount(i: number): boolean {
    return isWord(this.tokens[i], 'NEXT') || isWord(this.tokens[i], 'FIRST');
  }

  /** A SELECT may stand at the start, in parentheses, after a set operator, or after the CTE list. */
  private selectFault(i: number): ReadOnlyReason | undefined {
    const before = this.tokens[i - 1];
    if (before === undefined || isOperator(before, '(')) {
      this.mainSelectSeen ||= !this.startsWithCte;
      return undefined;
    }
    if (before.kind === 'word' && SET_OPERATORS.has(before.text)) return undefined;
    if (isWord(before, 'ALL') && isWord(this.tokens[i - 2], 'UNION')) return undefined;
    const afterCteList =
      this.startsWithCte && !this.mainSelectSeen && this.depth === 0 && isOperator(before, ')');
    if (!afterCteList) return 'secondStatement';
    this.mainSelectSeen = true;
    return undefined;
  }

  private withFault(i: number, next: Token | undefined): ReadOnlyReason | undefined {
    if (i === 0 || isOperator(next, '(')) return undefined;
    return next?.kind === 'word' && WITHIN_SELECT.has(next.text) ? undefined : 'secondStatement';
  }

  /** Looks at a whole dotted name, once, at its first part. */
  private nameFault(i: number): ReadOnlyReason | undefined {
    if (isOperator(this.tokens[i - 1], '.')) return undefined;
    const parts = [fold((this.tokens[i] as Token).text)];
    for (let at = i + 1; isOperator(this.tokens[at], '.');) {
      const named = isName(this.tokens[at + 1]);
      parts.push(named ? fold((this.tokens[at + 1] as Token).text) : '');
      at += named ? 2 : 1;
    }
    return partsFault(parts);
  }
}

function partsFault(parts: string[]): ReadOnlyReason | undefined {
  if (parts.length > MAX_NAME_PARTS) return 'linkedServer';
  if (parts.length === 3 && systemCatalogues.has(parts[0] as string)) return 'systemCatalogue';
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index] as string;
    for (const [prefix, reason] of forbiddenPrefixes) {
      if (part.startsWith(prefix)) return reason as ReadOnlyReason;
    }
    if (forbiddenObjects.has(part)) return 'systemCatalogue';
    if (parts[index - 1] === 'sys' && forbiddenInSys.has(part)) return 'systemCatalogue';
  }
  return undefined;
}

/** Empty statements before the first and one semicolon at the end are harmless and common. */
function trimSemicolons(tokens: readonly Token[]): readonly Token[] {
  let from = 0;
  while (isOperator(tokens[from], ';')) from += 1;
  const last = tokens[tokens.length - 1];
  return tokens.slice(from, isOperator(last, ';') && from < tokens.length ? -1 : undefined);
}

/**
 * Whether `sql` is exactly one SELECT (or WITH … SELECT) that neither writes, executes, locks,
 * leaves its databases nor reads a system catalogue that holds secrets.
 * @param sql statement text as the integrator sent it; any string. Never throws.
 * @param databases those it may name besides the one it runs in; a name that could mean another is
 *   `otherCatalogue`, whatever else is wrong. Absent: not looked at.
 */
export function checkReadOnly(sql: string, databases?: readonly string[]): ReadOnlyVerdict {
  const lexed = lex(sql);
  if (!lexed.ok) return { ok: false, reason: lexed.fault };
  const astray = databases && catalogueFault(lexed.tokens, databases);
  const reason = astray ?? new Statement(trimSemicolons(lexed.tokens), sql).fault();
  return reason === undefined ? { ok: true } : { ok: false, reason };
}
