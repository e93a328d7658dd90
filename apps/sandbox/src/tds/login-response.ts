/** What the server answers to LOGIN7: everything a client must know of its session, or a refusal. */
import { LoginRefusedError, type SqlSession } from '../engine/sql-engine.port.js';
import type { Login7 } from './login7.js';
import { DEFAULT_PACKET_BYTES, DoneStatus, EnvChange, Token } from './protocol.js';
import type { ResponseChannel } from './response-channel.js';
import {
  writeDone,
  writeLoginAck,
  writeMessage,
  writeTextEnvChange,
  writeUtf8FeatureAck,
} from './tokens.js';

/** TDS 7.4, the newest that is spoken here. */
const TDS_VERSION = 0x74000004;
/** TDS 7.3 brought the date types and NBCROW's predecessor; older clients could not read the rows. */
export const OLDEST_TDS_VERSION = 0x730b0003;

export function writeLoginAccepted(
  channel: ResponseChannel,
  login: Login7,
  session: SqlSession,
): void {
  const { writer } = channel;
  writer.spid = session.spid;
  channel.reportCatalogue('master', session.catalogue);
  channel.reportLanguageAndCollation();
  writeLoginAck(writer, Math.min(login.tdsVersion, TDS_VERSION));
  writeTextEnvChange(
    writer,
    EnvChange.packetSize,
    String(login.packetBytes),
    String(DEFAULT_PACKET_BYTES),
  );
  if (login.wantsUtf8) writeUtf8FeatureAck(writer);
  writeDone(writer, { token: Token.done, status: 0, command: 0, rowCount: 0 });
  writer.endMessage();
  // The new size holds from the next message on.
  writer.packetBytes = login.packetBytes;
}

/** For a catalogue that cannot be opened SQL Server says 4060 and then 18456. */
export function writeLoginRefused(channel: ResponseChannel, user: string, error: unknown): void {
  const { writer, serverName } = channel;
  const failed = `Login failed for user '${user}'.`;
  if (error instanceof LoginRefusedError && error.number === 4060) {
    const { number, state, message } = error;
    writeMessage(writer, serverName, { number, state, message, class: 11, line: 1 });
    writeMessage(writer, serverName, {
      number: 18456,
      state: 1,
      message: failed,
      class: 14,
      line: 1,
    });
  } else {
    const message = error instanceof LoginRefusedError ? error.message : failed;
    writeMessage(writer, serverName, { number: 18456, state: 1, message, class: 14, line: 1 });
  }
  finishRefusal(channel);
}

/** Windows authentication: there is no domain here. */
export function writeIntegratedRefused(channel: ResponseChannel): void {
  writeMessage(channel.writer, channel.serverName, {
    number: 18452,
    state: 1,
    class: 14,
    line: 1,
    message:
      'Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication.',
  });
  finishRefusal(channel);
}

function finishRefusal(channel: ResponseChannel): void {
  writeDone(channel.writer, {
    token: Token.done,
    status: DoneStatus.error,
    command: 0,
    rowCount: 0,
  });
  channel.writer.endMessage();
}
