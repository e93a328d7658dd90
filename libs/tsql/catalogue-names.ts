/**
 * Keeps a statement inside the databases it was granted: finds every dotted name that could mean
 * another database. Where a name of three parts stands decides what it is: a source of rows, the
 * target of a change or a call names `database.schema.object`; only elsewhere, and only when the
 * statement reads that very `schema.table`, is it a column. In doubt the answer is no.
 *
 * Not seen here, since only the server knows it: what a synonym, a view or a procedure leads to, and
 * text that the statement composes itself. The rights of the database login bound those.
 */
import type { Token } from '#libs/tsql/lexer.js';
import { isName, isOperator, isWord } from '#libs/tsql/tokens.js';

export type CatalogueFault = 'otherCatalogue' | 'linkedServer';

/** After these words a name is an object of a database, never a column. */
const BEFORE_OBJECTS = new Set(
  'FROM JOIN APPLY INTO UPDATE INSERT DELETE MERGE USING TABLE EXEC EXECUTE CHANGES VERSION'.split(
    ' ',
  ),
);
/** Reserved, so never the first part of a name: a dot behind one begins a name. */
const RESERVED = new Set(['FROM', 'JOIN', 'INTO', 'UPDATE', 'INSERT', 'DELETE', 'EXEC', 'EXECUTE']);
/** Reserved words that end a FROM clause. GROUP and ORDER do so only before BY. */
const AFTER_FROM = new Set('SELECT WHERE HAVING UNION EXCEPT INTERSECT OPTION SET'.split(' '));
/** Named arguments that take a table: PREDICT (DATA = …), VECTOR_SEARCH (TABLE = …). */
const TABLE_ARGUMENTS = new Set(['DATA', 'TABLE', 'OBJECT']);

interface DottedName {
  /** As written, without quotes; an omitted part is empty. */
  parts: string[];
  namesObject: boolean;
  isCall: boolean;
}

/** Lower case for ASCII only: how other letters compare is up to the server's collation. */
const lower = (name: string): string => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

class NameReader {
  readonly names: DottedName[] = [];
  /** For each open parenthesis, outermost first: whether its commas part sources of rows. */
  private readonly inFrom = [false];

  constructor(private readonly tokens: readonly Token[]) {}

  /** False when a name begins with a dot, or a method is called on nothing known. */
  read(): boolean {
    for (let i = 0; i < this.tokens.length;) {
      const token = this.tokens[i] as Token;
      if (isOperator(token, '.') && !this.isMethod(i)) return false;
      if (isOperator(token, '.')) i += 2;
      else if (this.isLeadingDot(i + 1)) return false;
      else if (isName(token)) i = this.name(i);
      else {
        this.parenthesis(i);
        i += 1;
      }
    }
    return true;
  }

  private isLeadingDot(i: number): boolean {
    const before = this.tokens[i - 1];
    return isOperator(this.tokens[i], '.') && before?.kind === 'word' && RESERVED.has(before.text);
  }

  /** `@x.value(…)` and `(SELECT … FOR XML PATH, TYPE).value(…)`. */
  private isMethod(i: number): boolean {
    const before = this.tokens[i - 1];
    const follows = before?.kind === 'variable' || isOperator(before, ')');
    return follows && isName(this.tokens[i + 1]) && isOperator(this.tokens[i + 2], '(');
  }

  private parenthesis(i: number): void {
    const token = this.tokens[i];
    if (isOperator(token, '(')) this.inFrom.push(this.isObjectPlace(i));
    if (isOperator(token, ')') && this.inFrom.length > 1) this.inFrom.pop();
  }

  /** @returns the index behind the name */
  private name(start: number): number {
    const parts = [(this.tokens[start] as Token).text];
    let at = start + 1;
    while (isOperator(this.tokens[at], '.')) {
      const next = this.tokens[at + 1];
      parts.push(isName(next) ? (next as Token).text : '');
      at += isName(next) ? 2 : 1;
    }
    if (parts.length === 1) this.clause(start);
    const isCall = isOperator(this.tokens[at], '(');
    this.names.push({ parts, namesObject: this.isObjectPlace(start), isCall });
    return at;
  }

  private clause(i: number): void {
    const token = this.tokens[i] as Token;
    if (token.kind !== 'word') return;
    const top = this.inFrom.length - 1;
    if (token.text === 'FROM') this.inFrom[top] = true;
    const isBy = isWord(this.tokens[i + 1], 'BY');
    const ends = AFTER_FROM.has(token.text) || (isBy && /^(GROUP|ORDER)$/.test(token.text));
    if (ends) this.inFrom[top] = false;
  }

  private isObjectPlace(i: number): boolean {
    const before = this.tokens[i - 1];
    const earlier = this.tokens[i - 2];
    if (before?.kind === 'word') return BEFORE_OBJECTS.has(before.text);
    if (isOperator(before, ',')) return this.inFrom.at(-1) === true;
    if (isOperator(before, '='))
      return earlier?.kind === 'word' && TABLE_ARGUMENTS.has(earlier.text);
    if (!isOperator(before, '(')) return false;
    // CONTAINSTABLE, FREETEXTTABLE, SEMANTIC…TABLE, CHANGETABLE take a table first.
    return this.inFrom.at(-1) === true || (isName(earlier) && /TABLE$/i.test(earlier?.text ?? ''));
  }
}

/** `schema.table` of everything the statement reads from; a bare table is taken to be in dbo. */
function sourcesOf(names: readonly DottedName[]): Set<string> {
  const objects = names.filter(({ namesObject, isCall }) => namesObject && !isCall);
  return new Set(
    objects.map(({ parts }) => {
      const [table = '', schema = 'dbo'] = parts.toReversed();
      return lower(`${schema || 'dbo'}.${table}`);
    }),
  );
}

/**
 * Whether a name leads out of the granted databases.
 * @param databases names of databases on the server that may be named
 */
export function catalogueFault(
  tokens: readonly Token[],
  databases: readonly string[],
): CatalogueFault | undefined {
  if (tokens.filter((token) => isOperator(token, '.')).length < 2) return undefined;
  const reader = new NameReader(tokens);
  if (!reader.read()) return 'otherCatalogue';
  const granted = new Set(databases.map(lower));
  const sources = sourcesOf(reader.names);
  for (const { parts, namesObject, isCall } of reader.names) {
    if (parts.length < 3) continue;
    const isColumn = !namesObject && !isCall && sources.has(lower(parts.slice(-3, -1).join('.')));
    const [first = ''] = parts;
    const within = granted.has(lower(first));
    if (parts.length > 4 || (parts.length === 4 && !(isColumn && within))) return 'linkedServer';
    if (!within && !isColumn) return 'otherCatalogue';
  }
  return undefined;
}
