/** One more broker node of a conduit: a process that shares its state folder, and may be killed. */
import { join } from 'node:path';
import { ChildProgram } from '#deploy/dev/child-program.js';
import { programPath } from '#deploy/dev/programs.js';

type Listener = 'api' | 'gateway' | 'metrics';

export class BrokerNode {
  private constructor(
    readonly program: ChildProgram,
    readonly ports: Readonly<Record<Listener, number>>,
  ) {}

  /**
   * @param stateDirectory of the whole conduit
   * @param name of its log file
   * @param env with DATABASE_URL and REDIS_URL, else the node stands alone
   */
  static async start(
    stateDirectory: string,
    name: string,
    env: Record<string, string>,
  ): Promise<BrokerNode> {
    const ports = { api: 0, gateway: 0, metrics: 0 };
    const program = await ChildProgram.start({
      name: `The broker node ${name}`,
      command: process.execPath,
      args: [programPath('broker')],
      env: {
        CONDUIT_STATE_DIR: join(stateDirectory, 'broker'),
        CONDUIT_API_PORT: '0',
        CONDUIT_GATEWAY_PORT: '0',
        CONDUIT_METRICS_PORT: '0',
        ...env,
      },
      logFile: join(stateDirectory, 'logs', `broker-${name}.log`),
      isReadyLine: (line) => {
        if (!line.includes('"broker.listening"')) return false;
        const { what, port } = JSON.parse(line) as { what: Listener; port: number };
        ports[what] = port;
        // The last of them.
        return what === 'metrics';
      },
    });
    return new BrokerNode(program, ports);
  }

  stop(): Promise<void> {
    return this.program.stop();
  }
}
