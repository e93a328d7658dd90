/**
 * Remote procedure calls: the sp_prepare family is served here, everything else by the engine.
 */
import type {
  ProcedureOutcome,
  ResultSink,
  SqlParameter,
  SqlSession,
} from '../engine/sql-engine.port.js';
import { applyDeclarations, readDeclarations } from './parameter-declaration.js';
import { PreparedStatements } from './prepared-statements.js';
import { TdsContentError } from './protocol.js';
import type { RpcCall, RpcParameter } from './rpc-request.js';

const NOTHING: ProcedureOutcome = { returnStatus: 0, outputs: [] };

export class ProcedureCalls {
  readonly #prepared = new PreparedStatements();

  constructor(private readonly session: SqlSession) {}

  /** A reset connection has no prepared statements. */
  reset(): void {
    this.#prepared.clear();
  }

  /** @throws TdsContentError 214 for a missing argument, 8179 for an unknown handle */
  async run(call: RpcCall, sink: ResultSink): Promise<ProcedureOutcome> {
    if (call.isNoExecute) return NOTHING;
    const { parameters } = call;
    switch (systemName(call.procedure)) {
      case 'sp_executesql':
        return this.#executeSql(parameters, sink);
      case 'sp_prepare':
        return this.#prepare(parameters);
      case 'sp_execute':
        return this.#execute(handleOf(parameters[0]), parameters.slice(1), sink);
      case 'sp_prepexec':
        return this.#prepareAndExecute(parameters, sink);
      case 'sp_prepexecrpc':
        return this.#prepareAndCall(parameters, sink);
      case 'sp_unprepare':
        this.#prepared.remove(handleOf(parameters[0]));
        return NOTHING;
      case 'sp_reset_connection':
        await this.session.reset();
        this.reset();
        return NOTHING;
      default:
        return this.session.procedure(call.procedure, withoutDefaults(parameters), sink);
    }
  }

  async #executeSql(parameters: RpcParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    const sql = textOf(parameters[0], '@statement');
    const declarations = optionalText(parameters[1]);
    const values = applyDeclarations(plain(parameters.slice(2)), readDeclarations(declarations));
    return succeeded(await this.session.executeSql(sql, values, sink));
  }

  #prepare(parameters: RpcParameter[]): ProcedureOutcome {
    const handle = this.#prepared.add(
      textOf(parameters[2], '@statement'),
      optionalText(parameters[1]),
    );
    return { returnStatus: 0, outputs: [handleOutput(parameters[0], handle)] };
  }

  async #execute(
    handle: number,
    values: RpcParameter[],
    sink: ResultSink,
  ): Promise<ProcedureOutcome> {
    const { sql, parameters } = this.#prepared.bind(handle, plain(values));
    return succeeded(await this.session.executeSql(sql, parameters, sink));
  }

  async #prepareAndExecute(
    parameters: RpcParameter[],
    sink: ResultSink,
  ): Promise<ProcedureOutcome> {
    const handle = this.#prepared.add(
      textOf(parameters[2], '@statement'),
      optionalText(parameters[1]),
    );
    const outcome = await this.#execute(handle, parameters.slice(3), sink);
    return { ...outcome, outputs: [handleOutput(parameters[0], handle), ...outcome.outputs] };
  }

  /** Prepares a call rather than a text; the handle is good for sp_unprepare. */
  async #prepareAndCall(parameters: RpcParameter[], sink: ResultSink): Promise<ProcedureOutcome> {
    const name = textOf(parameters[1], '@rpccall');
    const handle = this.#prepared.add(`EXEC ${name}`, '');
    const outcome = await this.session.procedure(name, withoutDefaults(parameters.slice(2)), sink);
    return { ...outcome, outputs: [handleOutput(parameters[0], handle), ...outcome.outputs] };
  }
}

/** `[sys].[sp_executesql]` and `master..SP_EXECUTESQL` are both sp_executesql. */
function systemName(procedure: string): string {
  const last = procedure.slice(procedure.lastIndexOf('.') + 1);
  return last.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

/** A procedure's own default counts where DEFAULT was passed: by leaving the parameter out, if that moves no other. */
function withoutDefaults(parameters: RpcParameter[]): SqlParameter[] {
  const lastGiven = parameters.findLastIndex((parameter) => !parameter.isDefault);
  return plain(
    parameters.filter(
      (parameter, i) => !parameter.isDefault || (parameter.name === '' && i < lastGiven),
    ),
  );
}

function plain(parameters: RpcParameter[]): SqlParameter[] {
  return parameters.map(({ name, type, value, output }) => ({ name, type, value, output }));
}

function succeeded(outcome: ProcedureOutcome): ProcedureOutcome {
  return { ...outcome, returnStatus: outcome.returnStatus ?? 0 };
}

function handleOutput(
  parameter: RpcParameter | undefined,
  handle: number,
): ProcedureOutcome['outputs'][number] {
  return { name: parameter?.name ?? '', type: { name: 'int' }, value: handle };
}

function handleOf(parameter: RpcParameter | undefined): number {
  return typeof parameter?.value === 'number' ? parameter.value : 0;
}

function textOf(parameter: RpcParameter | undefined, name: string): string {
  if (typeof parameter?.value === 'string') return parameter.value;
  throw new TdsContentError(
    214,
    `Procedure expects parameter '${name}' of type 'ntext/nchar/nvarchar'.`,
    3,
  );
}

function optionalText(parameter: RpcParameter | undefined): string {
  return typeof parameter?.value === 'string' ? parameter.value : '';
}
