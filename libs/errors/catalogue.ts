/**
 * Every error Conduit can answer with, once. `retry` says what the other side did: `safe` provably
 * nothing, `unknown` perhaps everything, `never` the same request will fail again.
 * `whoCanFix` names the person to call; `remedy` is what that person does.
 */
export type Retry = 'safe' | 'unknown' | 'never';
export type WhoCanFix = 'integrator' | 'practice' | 'MSP' | 'operator';

export interface ErrorEntry {
  status: number;
  title: string;
  retry: Retry;
  whoCanFix: WhoCanFix;
  remedy: string;
}

function entry(
  status: number,
  retry: Retry,
  whoCanFix: WhoCanFix,
  title: string,
  remedy: string,
): ErrorEntry {
  return { status, retry, whoCanFix, title, remedy };
}

export const catalogue = {
  // Keys
  KEY_MISSING: entry(
    401,
    'never',
    'integrator',
    'The subscription key is missing.',
    'Send the key in the Ocp-Apim-Subscription-Key header.',
  ),
  KEY_INVALID: entry(
    401,
    'never',
    'integrator',
    'The subscription key is not valid.',
    'Check that the whole key was copied, or make a new one.',
  ),
  KEY_EXPIRED: entry(
    401,
    'never',
    'integrator',
    'The subscription key has expired.',
    'Make a new key and replace this one.',
  ),
  KEY_REVOKED: entry(
    401,
    'never',
    'integrator',
    'The subscription key was revoked.',
    'Make a new key and replace this one.',
  ),
  KEY_ADDRESS_FORBIDDEN: entry(
    403,
    'never',
    'integrator',
    'The subscription key may not be used from this address.',
    'Call from an allowed address, or change the address ranges of the key.',
  ),
  KEY_SITE_FORBIDDEN: entry(
    403,
    'never',
    'integrator',
    'The subscription key may not be used for this site.',
    'Use a key that covers the site.',
  ),

  OPERATOR_TOKEN_INVALID: entry(
    401,
    'never',
    'operator',
    'The operator token is missing or wrong.',
    'Send the token from the operator-token file of the broker as a bearer token.',
  ),
  OPERATOR_ADDRESS_FORBIDDEN: entry(
    403,
    'never',
    'operator',
    'The operator routes may not be used from this address.',
    'Call from the machine of the broker, or add the address to CONDUIT_OPERATOR_RANGES.',
  ),
  KEY_LIMIT: entry(
    409,
    'never',
    'operator',
    'The integrator already has two live keys.',
    'Revoke one of them first.',
  ),
  REGISTRY_ENTRY_NOT_FOUND: entry(
    404,
    'never',
    'operator',
    'There is no such entry in the registry.',
    'Check the id named here.',
  ),

  // Requests
  REQUEST_INVALID: entry(
    400,
    'never',
    'integrator',
    'The request is not valid.',
    'Correct the field named here and send the request again.',
  ),
  BODY_NOT_JSON: entry(
    400,
    'never',
    'integrator',
    'The request body is not JSON.',
    'Send a JSON object encoded in UTF-8 with Content-Type application/json.',
  ),
  BODY_TOO_LARGE: entry(
    413,
    'never',
    'integrator',
    'The request body is too large.',
    'Send less data in one request.',
  ),
  MEDIA_TYPE_UNSUPPORTED: entry(
    415,
    'never',
    'integrator',
    'The request body has an unsupported media type.',
    'Send Content-Type application/json.',
  ),
  ROUTE_NOT_FOUND: entry(
    404,
    'never',
    'integrator',
    'There is no such address in this API.',
    'Check the path and the method against the reference at /docs.',
  ),
  METHOD_NOT_ALLOWED: entry(
    405,
    'never',
    'integrator',
    'This address does not answer to this method.',
    'Use one of the methods in the Allow header.',
  ),
  HEADERS_TOO_LARGE: entry(
    431,
    'never',
    'integrator',
    'The request headers are too large.',
    'Send fewer or shorter headers.',
  ),
  RATE_LIMITED: entry(
    429,
    'safe',
    'integrator',
    'Too many requests.',
    'Wait for the time in the Retry-After header, then send the request again.',
  ),
  CONCURRENCY_LIMITED: entry(
    429,
    'safe',
    'integrator',
    'Too many queries are running at once under this permission.',
    'Wait until one of them ends, then send the request again.',
  ),

  // Sites and pairing
  SITE_NOT_FOUND: entry(
    404,
    'never',
    'integrator',
    'The site does not exist or is not paired with this integrator.',
    'Check the site id, or pair with the site first.',
  ),
  SITE_NOT_AUTHORITATIVE: entry(
    403,
    'never',
    'operator',
    'This installation is not the authoritative one for the practice.',
    'Ask the operator which installation serves the practice.',
  ),
  SITE_OFFLINE: entry(
    503,
    'safe',
    'practice',
    'The site is offline.',
    'Try again later; the practice can check that its agent is running.',
  ),
  SITE_UNREACHABLE: entry(
    503,
    'safe',
    'MSP',
    'The site has not been heard from for two minutes.',
    'Try again later; the practice can check its internet connection.',
  ),
  SITE_LOST: entry(
    503,
    'unknown',
    'MSP',
    'The connection to the site was lost while the query ran.',
    'A read can be sent again. For a write, find out first whether it was applied.',
  ),
  SITE_PAUSED: entry(
    403,
    'never',
    'practice',
    'The practice has paused all access at its server.',
    'Ask the practice to resume access.',
  ),
  PAIRING_CODE_INVALID: entry(
    400,
    'never',
    'practice',
    'The pairing code is wrong, used or expired.',
    'Ask the practice for a new pairing code.',
  ),
  ACCESS_REQUEST_NOT_FOUND: entry(
    404,
    'never',
    'practice',
    'There is no open access request with this id.',
    'List the open requests and use one of their ids.',
  ),

  // Permission
  GRANT_PENDING: entry(
    403,
    'never',
    'practice',
    'The practice has not approved this integrator yet.',
    'Ask the practice to open the access request and decide.',
  ),
  GRANT_MISSING: entry(
    403,
    'never',
    'practice',
    'The practice has not permitted this.',
    'Ask the practice for permission.',
  ),
  GRANT_EXPIRED: entry(
    403,
    'never',
    'practice',
    'The permission has expired.',
    'Ask the practice to renew it.',
  ),
  GRANT_REVOKED: entry(
    403,
    'never',
    'practice',
    'The practice has revoked the permission.',
    'Ask the practice.',
  ),
  GRANT_NOT_YET_VALID: entry(
    403,
    'never',
    'practice',
    'The permission is not in force yet.',
    'Wait until it starts.',
  ),
  GRANT_SCOPE: entry(
    403,
    'never',
    'practice',
    'The permission does not cover this kind of request.',
    'Ask the practice for a wider permission, or send what it covers.',
  ),
  GRANT_CATALOGUE: entry(
    403,
    'never',
    'practice',
    'The permission does not cover this catalogue.',
    'Use a permitted catalogue, or ask the practice.',
  ),
  GRANT_OUTSIDE_HOURS: entry(
    403,
    'never',
    'practice',
    'The permission does not cover this hour of the day.',
    'Send the request within the permitted hours.',
  ),
  GRANT_CEILING: entry(
    403,
    'never',
    'MSP',
    'A limit set on the practice server does not allow this.',
    'The limit can be changed only on that server, in its ceiling file.',
  ),
  GRANT_INVALID: entry(
    403,
    'never',
    'operator',
    'The permission could not be verified at the practice.',
    'Ask the practice to approve again; the operator should look at the agent.',
  ),
  STATEMENT_FORBIDDEN: entry(
    403,
    'never',
    'integrator',
    'The statement does more than the read permission allows.',
    'Send one plain SELECT statement.',
  ),
  GRANT_STORE_DAMAGED: entry(
    503,
    'never',
    'MSP',
    'The permissions kept on the practice server cannot be read, so nothing is allowed.',
    'Restore the file named here from a backup; or remove it with approver.key and approvers.json, which ends every permission, and approve each again.',
  ),
  GRANT_NOT_FOUND: entry(
    404,
    'never',
    'practice',
    'There is no permission with this id.',
    'List the permissions and use one of their ids.',
  ),

  // Execution
  CATALOGUE_UNKNOWN: entry(
    400,
    'never',
    'integrator',
    'The site has no catalogue of this name.',
    'Use a catalogue that the site lists.',
  ),
  STATEMENT_FAILED: entry(
    400,
    'never',
    'integrator',
    'The database refused the statement.',
    'Read the database error and correct the statement.',
  ),
  QUEUE_EXPIRED: entry(
    504,
    'safe',
    'integrator',
    'The query waited longer than its maxTimeInQueue and was not run.',
    'Send it again, or allow it to wait longer.',
  ),
  EXECUTION_TIMEOUT: entry(
    504,
    'unknown',
    'integrator',
    'The query ran longer than its limit and was stopped.',
    'Ask for less, or use an async query. For a write, find out first whether it was applied.',
  ),
  RESULT_TOO_LARGE: entry(
    413,
    'never',
    'integrator',
    'The result is larger than the limit. The statement was run.',
    'Ask for less, stream it as application/x-ndjson, or use an async query.',
  ),
  RESULT_ROWS_LIMIT: entry(
    413,
    'never',
    'practice',
    'The result has more rows than the permission allows. The statement was run.',
    'Ask for fewer rows, or ask the practice for a higher limit.',
  ),
  RESULT_UNENCODABLE: entry(
    422,
    'never',
    'integrator',
    'The result holds a type that has no JSON form.',
    'Convert the column in the statement.',
  ),
  DATABASE_UNAVAILABLE: entry(
    503,
    'safe',
    'MSP',
    'The practice database does not answer.',
    'The practice can check that SQL Server is running, and run the doctor on its server.',
  ),
  DATABASE_LOGIN_REFUSED: entry(
    503,
    'safe',
    'MSP',
    'The practice database refused the login of the agent.',
    'Run the doctor on the practice server and correct the login.',
  ),
  DATABASE_CONNECTION_LOST: entry(
    503,
    'unknown',
    'MSP',
    'The connection to the practice database broke while the query ran.',
    'A read can be sent again. For a write, find out first whether it was applied.',
  ),
  QUERY_NOT_FOUND: entry(
    404,
    'never',
    'integrator',
    'There is no such query.',
    'Check the query id and the site id.',
  ),
  CLIENT_GONE: entry(
    499,
    'unknown',
    'integrator',
    'The caller closed the connection before the answer was complete.',
    'Keep the connection open until the answer ends.',
  ),

  // Enrolment and identity of agents
  ENROLMENT_CODE_INVALID: entry(
    400,
    'never',
    'operator',
    'The enrolment code is wrong, used, burnt or expired.',
    'Ask for a new enrolment code.',
  ),
  CERTIFICATE_REQUEST_INVALID: entry(
    400,
    'never',
    'MSP',
    'The certificate request is not acceptable.',
    'Update the agent and enrol again.',
  ),
  AGENT_REVOKED: entry(
    403,
    'never',
    'operator',
    'The agent was revoked.',
    'Ask the operator for a new enrolment code.',
  ),
  AGENT_QUARANTINED: entry(
    403,
    'never',
    'practice',
    'The agent is quarantined because it looks like a copy or an old backup.',
    'The practice owner decides which machine is the right one.',
  ),
  AGENT_NOT_QUARANTINED: entry(
    409,
    'never',
    'operator',
    'The agent is not quarantined, or there is no such agent.',
    'List the agents; only one that is quarantined can be released.',
  ),
  AGENT_IDENTITY_REFUSED: entry(
    403,
    'never',
    'operator',
    'The agent could not prove its identity.',
    'Enrol the agent again.',
  ),

  // Reaching the broker from the practice
  TLS_INTERCEPTED: entry(
    502,
    'never',
    'MSP',
    'Something between the agent and the broker replaces the TLS certificate.',
    'Exempt the broker host from TLS inspection in the firewall or virus scanner.',
  ),
  CLOCK_SKEWED: entry(
    502,
    'never',
    'MSP',
    'The clock of this machine is wrong.',
    'Set the clock, and let the machine keep it by NTP.',
  ),
  PROXY_REFUSED: entry(
    502,
    'never',
    'MSP',
    'The proxy refused the connection.',
    'Allow CONNECT to the broker host in the proxy, or correct the proxy settings.',
  ),
  HOST_UNKNOWN: entry(
    502,
    'safe',
    'MSP',
    'The name of the broker host cannot be resolved.',
    'Check DNS on this machine and the spelling of the host.',
  ),
  HOST_REFUSED: entry(
    502,
    'safe',
    'MSP',
    'The broker host does not accept connections.',
    'Check that the firewall allows outgoing connections to it.',
  ),
  CA_PIN_MISMATCH: entry(
    502,
    'never',
    'operator',
    'The broker does not hold the certificate authority that the enrolment code names.',
    'Check the broker address; ask for a new enrolment code.',
  ),
  JOURNAL_UNAVAILABLE: entry(
    503,
    'safe',
    'MSP',
    'The practice server cannot write its own record of accesses, so nothing is run.',
    'Free space on the disk that holds the state folder of the agent, and check its rights.',
  ),
  COMMAND_INVALID: entry(
    400,
    'never',
    'MSP',
    'The command was not understood.',
    'Run the command with --help.',
  ),
  CONTROL_REFUSED: entry(
    403,
    'never',
    'MSP',
    'This user may not give commands to the agent on this machine.',
    'Run the command as the user that the agent service runs as.',
  ),
  AGENT_ALREADY_RUNNING: entry(
    503,
    'never',
    'MSP',
    'Another agent process uses this state folder.',
    'Stop the other process first; one machine runs one agent.',
  ),
  AGENT_NOT_RUNNING: entry(
    503,
    'safe',
    'MSP',
    'The agent service is not running on this machine.',
    'Start the agent service, then run the command again.',
  ),
  AGENT_NOT_ENROLLED: entry(
    503,
    'never',
    'MSP',
    'The agent on this machine is not enrolled.',
    'Run the enrol command with an enrolment code.',
  ),

  // The link and the broker itself
  LINK_CLOSED: entry(
    503,
    'unknown',
    'operator',
    'The link was closed.',
    'Try again; the agent reconnects by itself.',
  ),
  LINK_PROTOCOL: entry(
    502,
    'unknown',
    'operator',
    'The other side of the link broke the protocol.',
    'Check that broker and agent have compatible versions.',
  ),
  LINK_REFUSED: entry(
    503,
    'safe',
    'operator',
    'The other side of the link takes no more requests now.',
    'Send the request again; it was not begun.',
  ),
  LINK_PATTERN_UNKNOWN: entry(
    501,
    'never',
    'operator',
    'The other side of the link does not know this kind of request.',
    'Update the older of broker and agent.',
  ),
  BROKER_CERTIFICATE_INVALID: entry(
    502,
    'safe',
    'operator',
    'The certificate of the broker is out of date or names another host.',
    'Check the broker address; the operator renews the certificate.',
  ),
  BROKER_BUSY: entry(
    503,
    'safe',
    'operator',
    'This broker holds as many answers as its memory allows.',
    'Send the request again shortly, or stream the rows as application/x-ndjson.',
  ),
  BROKER_DRAINING: entry(
    503,
    'safe',
    'operator',
    'This broker is shutting down.',
    'Send the request again; another node will answer.',
  ),
  STORE_UNAVAILABLE: entry(
    503,
    'safe',
    'operator',
    "The broker's own database does not answer.",
    'Try again later; the operator can check the database of the broker.',
  ),
  STORE_LOCKED: entry(
    503,
    'never',
    'operator',
    'Another process holds the database folder of the broker.',
    'Stop the other broker, or give this one a folder of its own.',
  ),
  QUEUE_UNAVAILABLE: entry(
    503,
    'unknown',
    'operator',
    'Work that can wait is not taken at the moment.',
    'Try again later; the operator can check the Redis of the broker.',
  ),
  AUDIT_UNAVAILABLE: entry(
    503,
    'safe',
    'operator',
    'The audit trail cannot be written, so nothing is run.',
    'Try again later; the operator can check the database of the broker.',
  ),
  INTERNAL: entry(
    500,
    'unknown',
    'operator',
    'Something went wrong inside Conduit.',
    'Try again; if it stays, give the operator the request id.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof catalogue;

/** Whether a word from outside (a link message, a store) is one of our codes. */
export function isErrorCode(word: unknown): word is ErrorCode {
  return typeof word === 'string' && Object.hasOwn(catalogue, word);
}
