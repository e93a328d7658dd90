/** Reads and checks the agent's settings; see agent.config.ts for what they are. */
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { AgentConfig, type SiteSettings } from '#apps/agent/src/agent.config.js';

export interface SettingProblem {
  /** Path of the setting, e.g. `sites[0].logins.read.user`. */
  key: string;
  /** What is wrong with it, in our words; never its value. */
  problem: string;
}

/** Everything wrong with the settings, at once. */
export class AgentConfigError extends Error {
  constructor(readonly problems: SettingProblem[]) {
    super(problems.map(({ key, problem }) => `${key}: ${problem}`).join('\n'));
    this.name = 'AgentConfigError';
  }
}

const environmentKeys = {
  CONDUIT_AGENT_BROKER_URL: 'brokerUrl',
  CONDUIT_AGENT_PROXY: 'proxy',
  CONDUIT_AGENT_LOG_LEVEL: 'logLevel',
} as const;

/** Where the agent keeps its state when nothing else is said. */
export function defaultStateFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.CONDUIT_AGENT_STATE) return env.CONDUIT_AGENT_STATE;
  return process.platform === 'win32'
    ? join(env.ProgramData ?? 'C:\\ProgramData', 'ConduitAgent')
    : '/var/lib/conduit-agent';
}

/**
 * @param stateFolder folder with `agent.json`; a missing file counts as an empty one
 * @throws AgentConfigError naming every bad setting
 */
export function readAgentConfig(
  stateFolder: string = defaultStateFolder(),
  env: NodeJS.ProcessEnv = process.env,
): AgentConfig {
  const settings: Record<string, unknown> = { ...readSettingsFile(stateFolder), stateFolder };
  for (const [variable, key] of Object.entries(environmentKeys)) {
    if (env[variable]) settings[key] = env[variable];
  }
  const unreadable = readPasswordFiles(settings.sites, stateFolder);
  const config = plainToInstance(AgentConfig, settings, { exposeDefaultValues: true });
  const problems = [...unreadable, ...describe(validateSync(config, strict)), ...cross(config)];
  if (problems.length > 0) throw new AgentConfigError(problems);
  return config;
}

const strict = {
  whitelist: true,
  forbidNonWhitelisted: true,
  validationError: { target: false, value: false },
} as const;

function readSettingsFile(stateFolder: string): Record<string, unknown> {
  const file = join(stateFolder, 'agent.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new AgentConfigError([{ key: 'agent.json', problem: 'cannot be read' }]);
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // The parser's message quotes the file, which may hold a password.
  }
  throw new AgentConfigError([{ key: 'agent.json', problem: 'is not a JSON object' }]);
}

/** Puts the text of each passwordFile in place of the password. Relative paths start at the state folder. */
function readPasswordFiles(sites: unknown, stateFolder: string): SettingProblem[] {
  const problems: SettingProblem[] = [];
  for (const [index, site] of (Array.isArray(sites) ? sites : []).entries()) {
    const logins: unknown = site?.logins;
    if (typeof logins !== 'object' || logins === null) continue;
    for (const [tier, login] of Object.entries(logins as Record<string, unknown>)) {
      const settings = login as { password?: unknown; passwordFile?: unknown } | null;
      if (typeof settings?.passwordFile !== 'string') continue;
      const path = settings.passwordFile;
      try {
        const file = isAbsolute(path) ? path : join(stateFolder, path);
        settings.password = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      } catch {
        problems.push({
          key: `sites[${index}].logins.${tier}.passwordFile`,
          problem: 'cannot be read',
        });
      }
    }
  }
  return problems;
}

function describe(errors: ValidationError[], path = ''): SettingProblem[] {
  return errors.flatMap((error) => {
    const step = /^\d+$/.test(error.property) ? `[${error.property}]` : `.${error.property}`;
    const key = `${path}${step}`.replace(/^\./, '');
    const own = Object.values(error.constraints ?? {}).map((problem) => ({ key, problem }));
    return [...own, ...describe(error.children ?? [], key)];
  });
}

/** Rules that look at more than one setting. */
function cross(config: AgentConfig): SettingProblem[] {
  const sites: unknown = config.sites;
  if (!Array.isArray(sites)) return [];
  return (sites as Partial<SiteSettings>[]).flatMap((site, index) => {
    const catalogues = Array.isArray(site?.catalogues) ? site.catalogues : undefined;
    if (!catalogues || catalogues.filter((catalogue) => catalogue?.isDefault).length === 1) {
      return [];
    }
    return [{ key: `sites[${index}].catalogues`, problem: 'exactly one needs isDefault: true' }];
  });
}
