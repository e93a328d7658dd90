/**
 * Fills BrokerConfig from the environment. A secret may come as `NAME` or as `NAME_FILE`; one that
 * is given neither way is made once and kept in the state folder.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { validateSync } from 'class-validator';
import { readAddressTable, readResidency } from '#apps/broker/src/residency/read-residency.js';
import { BrokerConfig, brokerRoles, type BrokerRole } from '#apps/broker/src/broker.config.js';
import { Secret } from '#libs/kernel/secret.js';

/** What to call a field in a message about it. */
const variableNames: Partial<Record<keyof BrokerConfig, string>> = {
  databaseUrl: 'DATABASE_URL',
  redisUrl: 'REDIS_URL',
  residency: 'CONDUIT_RESIDENCY_FILE',
  addressTable: 'CONDUIT_ADDRESS_TABLE_FILE',
};

export function variableName(key: string): string {
  const named = variableNames[key as keyof BrokerConfig];
  return named ?? `CONDUIT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

export class ConfigProblems extends Error {
  constructor(readonly problems: string[]) {
    super(`The settings of the broker are not valid:\n${problems.map((p) => `  ${p}`).join('\n')}`);
  }
}

type Environment = Record<string, string | undefined>;

const SECRET_BYTES = 32;

/**
 * Reads the settings and makes the secrets that the state folder is to keep.
 * @param argv what follows the program's name; only `--role` is known
 * @throws ConfigProblems naming every variable that is wrong
 */
export function readBrokerConfig(environment: Environment, argv: string[] = []): BrokerConfig {
  const config = new BrokerConfig();
  const problems: string[] = [];
  const text = (key: keyof BrokerConfig) => environment[variableName(key)];
  const takeText = (key: keyof BrokerConfig, read: (value: string) => unknown) => {
    const value = text(key);
    if (value !== undefined && value !== '') Object.assign(config, { [key]: read(value) });
  };
  const same = (value: string) => value;
  const words = (value: string) => value.split(',').map((word) => word.trim());

  for (const key of ['environment', 'apiHost', 'tlsKeyFile', 'tlsCertFile', 'gatewayHost'] as const)
    takeText(key, same);
  for (const key of ['gatewayName', 'trustDomain', 'metricsHost', 'logLevel'] as const)
    takeText(key, same);
  takeText('nodeAddress', same);
  takeText('nodeHost', same);
  takeText('nodePort', Number);
  takeText('linkCompression', same);
  takeText('consoleOrigin', same);
  takeText('consoleLocalPort', Number);
  takeText('mailFrom', same);
  for (const key of ['oidcIssuer', 'oidcClientId', 'oidcLabel'] as const) takeText(key, same);
  for (const key of ['smtpUrl', 'oidcClientSecret'] as const)
    takeSecretText(config, key, environment, problems);
  if (config.oidcIssuer?.startsWith('http:') && config.environment !== 'dev') {
    problems.push(`${variableName('oidcIssuer')}: it must be https`);
  }
  refuseLocalConsole(config, environment, problems);
  takeText('takeAnswerSeconds', Number);
  for (const key of ['apiPort', 'gatewayPort', 'metricsPort', 'maxBodyBytes'] as const)
    takeText(key, Number);
  for (const key of ['keyRatePerSecond', 'keyRateBurst', 'drainSeconds'] as const)
    takeText(key, Number);
  for (const key of ['strangerRatePerSecond', 'strangerRateBurst'] as const) takeText(key, Number);
  takeText('maxWaitingQueries', Number);
  for (const key of ['maxWholeAnswerBytes', 'serverCertificateSeconds'] as const)
    takeText(key, Number);
  for (const key of ['maxTransientBytes', 'maxTransientBytesEach'] as const) takeText(key, Number);
  for (const key of ['registeredPerSite', 'registeredPerIntegrator'] as const)
    takeText(key, Number);
  takeText('registeredMinSeconds', Number);
  if (config.registeredMinSeconds < 60 && config.environment !== 'dev') {
    problems.push(`${variableName('registeredMinSeconds')}: it must not be less than 60`);
  }
  for (const key of ['databaseUrl', 'redisUrl'] as const)
    takeText(key, (value) => new Secret(value));
  takeText('stateDir', (value) => resolve(value));
  for (const key of ['trustProxy', 'operatorRanges', 'webhookPrivateRanges'] as const)
    takeText(key, words);
  takeText('auditWitnesses', words);
  takeText('webhookCaFile', same);
  for (const problem of readAddressTable(config, text('addressTable')))
    problems.push(`${variableName('addressTable')}: ${problem}`);
  const isDevelopment = config.environment === 'dev' && environment['NODE_ENV'] !== 'production';
  for (const { setting, problem } of readResidency(config, text('residency'), isDevelopment))
    problems.push(`${variableName(setting)}: ${problem}`);
  takeText('roles', readRoles);
  const roleFlag = argv.indexOf('--role');
  if (roleFlag >= 0) config.roles = readRoles(argv[roleFlag + 1] ?? '');

  if (config.nodeAddress !== undefined && config.redisUrl === undefined) {
    problems.push(`${variableName('nodeAddress')}: it needs ${variableName('redisUrl')}`);
  }

  if (config.stateDir) readSecrets(config, environment, problems);
  else stubSecrets(config);
  for (const failure of validateSync(config)) {
    const reasons = Object.values(failure.constraints ?? {});
    for (const reason of reasons) {
      problems.push(`${variableName(failure.property)}: ${reason.replace(failure.property, 'it')}`);
    }
  }
  if (problems.length > 0) throw new ConfigProblems(problems);
  return config;
}

/** A secret that nobody makes up: from its variable or from the file that `…_FILE` names. */
function takeSecretText(
  config: BrokerConfig,
  key: 'smtpUrl' | 'oidcClientSecret',
  environment: Environment,
  problems: string[],
): void {
  const name = variableName(key);
  const path = environment[`${name}_FILE`];
  try {
    const text = environment[name] ?? (path ? readFileSync(path, 'utf8').trim() : undefined);
    if (text !== undefined && text !== '') config[key] = new Secret(text);
  } catch {
    problems.push(`${name}: cannot be read`);
  }
}

/** Plain HTTP, and passkeys for `localhost`: never beside real practices. */
function refuseLocalConsole(
  config: BrokerConfig,
  environment: Environment,
  problems: string[],
): void {
  if (config.consoleLocalPort === undefined) return;
  const name = variableName('consoleLocalPort');
  if (config.environment !== 'dev' || environment['NODE_ENV'] === 'production') {
    problems.push(`${name}: it is for development only`);
  }
  if (config.consoleOrigin !== undefined) {
    problems.push(`${name}: it cannot be used together with ${variableName('consoleOrigin')}`);
  }
}

function readRoles(value: string): BrokerRole[] {
  const named = value.split(',').map((word) => word.trim());
  return named.includes('all') ? [...brokerRoles] : (named as BrokerRole[]);
}

/** Keeps the report of a missing state folder free of three more lines that follow from it. */
function stubSecrets(config: BrokerConfig): void {
  config.keyPepper = new Secret(Buffer.alloc(0));
  config.pairingPepper = new Secret(Buffer.alloc(0));
  config.auditLogKey = new Secret(Buffer.alloc(0));
  config.operatorToken = new Secret('');
}

function readSecrets(config: BrokerConfig, environment: Environment, problems: string[]): void {
  const find = (
    key: 'keyPepper' | 'pairingPepper' | 'auditLogKey',
    file: string,
  ): Secret<Buffer> => {
    const name = variableName(key);
    const path = environment[`${name}_FILE`];
    try {
      const given = environment[name] ?? (path ? readFileSync(path, 'utf8') : undefined);
      const bytes = Buffer.from(given ?? keptSecret(config.stateDir, file), 'base64');
      if (bytes.length < SECRET_BYTES)
        problems.push(`${name}: needs ${SECRET_BYTES} bytes or more`);
      return new Secret(bytes);
    } catch {
      problems.push(`${name}: cannot be read`);
      return new Secret(Buffer.alloc(0));
    }
  };
  config.keyPepper = find('keyPepper', 'key-pepper');
  config.pairingPepper = find('pairingPepper', 'pairing-pepper');
  config.auditLogKey = find('auditLogKey', 'audit-log-key');
  try {
    config.operatorToken = new Secret(keptSecret(config.stateDir, 'operator-token'));
  } catch {
    problems.push('CONDUIT_STATE_DIR: the operator token cannot be kept there');
    config.operatorToken = new Secret('');
  }
}

/** The text of a secret file in the state folder, made on first use, readable by its owner only. */
function keptSecret(stateDir: string, name: string): string {
  const path = join(stateDir, name);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(path, randomBytes(SECRET_BYTES).toString('base64url'), {
      flag: 'wx',
      mode: 0o600,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  chmodSync(path, 0o600);
  return readFileSync(path, 'utf8').trim();
}
