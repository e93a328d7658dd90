/** EXECUTE of procedures and of text, with arguments by position and by name. */
import { DefinitionGrammar } from './definition-grammar.js';
import type {
  Argument,
  ExecuteStatement,
  ExecuteTextStatement,
  Expression,
} from './syntax-tree.js';

export abstract class CallGrammar extends DefinitionGrammar {
  protected execute(): ExecuteStatement | ExecuteTextStatement {
    this.next();
    if (this.isOperator('(')) {
      const text = this.inParentheses(() => this.expression());
      if (this.isWord('at') || this.isWord('as')) throw this.unsupported('EXECUTE AS or AT');
      return { kind: 'executeText', text };
    }
    if (this.isWord('as')) throw this.unsupported('EXECUTE AS');
    return this.call();
  }

  protected call(): ExecuteStatement {
    let result: string | undefined;
    if (this.token.kind === 'variable') {
      result = this.variable();
      this.expect('=');
    }
    const procedure = this.objectName();
    const args = this.startsArgument() ? this.commaSeparated(() => this.argument()) : [];
    if (this.takeWord('with')) this.expectWord('recompile');
    return result === undefined
      ? { kind: 'execute', procedure, args }
      : { kind: 'execute', result, procedure, args };
  }

  private startsArgument(): boolean {
    const { kind, text, word } = this.token;
    if (kind === 'operator') return text === '-' || text === '+';
    if (kind === 'word') return this.isName() || word === 'null' || word === 'default';
    return kind !== 'end';
  }

  /** An argument is a constant, a variable, DEFAULT or a bare word; SQL Server allows no expression. */
  private argument(): Argument {
    let name: string | undefined;
    if (
      this.token.kind === 'variable' &&
      this.peek().text === '=' &&
      this.peek().kind === 'operator'
    ) {
      name = this.variable();
      this.next();
    }
    const named = name === undefined ? {} : { name };
    if (this.takeWord('default')) return { ...named, value: { kind: 'default' }, output: false };
    const value = this.constant();
    const output = this.takeWord('output') || this.takeWord('out');
    return { ...named, value, output };
  }

  private constant(): Expression {
    if (this.isOperator('-') || this.isOperator('+')) {
      const operator = this.next().text as '-' | '+';
      return { kind: 'unary', operator, value: this.constant() };
    }
    const token = this.token;
    if (token.kind === 'operator' || token.kind === 'end') throw this.syntaxError();
    this.next();
    if (token.kind === 'variable')
      return token.text.startsWith('@@')
        ? { kind: 'global', name: token.text.toLowerCase() }
        : { kind: 'variable', name: token.text };
    if (token.kind === 'word' && token.word === 'null')
      return { kind: 'literal', type: 'null', text: '' };
    if (token.kind === 'word' || token.kind === 'quoted')
      return { kind: 'literal', type: 'nstring', text: token.text };
    return {
      kind: 'literal',
      type: token.kind === 'integer' ? 'int' : token.kind,
      text: token.text,
    } as Expression;
  }
}
