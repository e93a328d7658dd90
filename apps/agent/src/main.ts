/** The agent's command line: one table of commands, each with --help. */
import 'reflect-metadata';
import { createInterface } from 'node:readline/promises';

import {
  runCommandLine,
  type Command,
  type Terminal,
} from '#apps/agent/src/control/command-line.js';
import { approverCommands } from '#apps/agent/src/control/approver-commands.js';
import { auditCommands } from '#apps/agent/src/control/audit-commands.js';
import { consentCommands } from '#apps/agent/src/control/consent-commands.js';
import { permissionCommands } from '#apps/agent/src/control/permission-commands.js';
import { requestCommands } from '#apps/agent/src/control/request-commands.js';
import { serviceCommands } from '#apps/agent/src/control/service-commands.js';
import { setUpCommands } from '#apps/agent/src/control/set-up-commands.js';

const commands: Record<string, Command> = {
  ...serviceCommands,
  ...setUpCommands,
  ...requestCommands,
  ...permissionCommands,
  ...approverCommands,
  ...auditCommands,
  ...consentCommands,
};

async function ask(question: string): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

const terminal: Terminal = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  ask: process.stdin.isTTY ? ask : undefined,
};

process.exitCode = await runCommandLine(commands, process.argv.slice(2), terminal);
