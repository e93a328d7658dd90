/**
 * Takes the cosignature of a witness from outside: somebody who watches this log by its tiles and whose
 * key is in the settings. It proves itself; there is no other credential. It counts for a head that this
 * log has signed and still keeps, and one of its own lines that is not right spoils the others nothing.
 */
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Kysely, sql } from 'kysely';
import { LogKey } from '#apps/broker/src/audit/log-key.js';
import { BrokerConfig } from '#apps/broker/src/broker.config.js';
import { JudgeHead } from '#apps/broker/src/witnesses/judge-head.js';
import { parseCheckpoint } from '#libs/audit/checkpoint.js';
import { cosignatureOf } from '#libs/audit/cosignature.js';
import {
  formatVerifierKey,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signaturesOf,
  type Note,
  type NoteKey,
} from '#libs/audit/signed-note.js';
import type { Database } from '#libs/db/schema.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import { Clock } from '#libs/kernel/clock.js';

/** By the witness's own clock: before now, and after. */
const PAST_SECONDS = 3_600;
const AHEAD_SECONDS = 300;

@Injectable()
export class TakeCosignature implements OnApplicationBootstrap {
  private readonly keys: readonly NoteKey[];

  constructor(
    { auditWitnesses }: BrokerConfig,
    private readonly database: Kysely<Database>,
    private readonly key: LogKey,
    private readonly clock: Clock,
    private readonly heads: JudgeHead,
  ) {
    this.keys = auditWitnesses.flatMap((text) => parseVerifierKey(text) ?? []);
  }

  /** A witness that is in the settings no more is shown no more. */
  async onApplicationBootstrap(): Promise<void> {
    const known = this.keys.map(formatVerifierKey);
    await this.database
      .deleteFrom('outside_witnesses')
      .$if(known.length > 0, (query) => query.where('verifier_key', 'not in', known))
      .execute();
  }

  /**
   * @param body a signed note: the text of a head of this log, and the witness's line under it
   * @throws ConduitError REQUEST_INVALID for what is no such note; COSIGNATURE_REFUSED
   */
  async execute(body: string): Promise<void> {
    const note = parseNote(body);
    const head = note && parseCheckpoint(note.text);
    if (!note || head?.origin !== this.key.origin)
      throw new ConduitError('REQUEST_INVALID', {
        facts: { field: 'body', problem: 'must be a checkpoint of this log with a cosignature' },
      });
    const witness = this.keys.find((one) => signaturesOf(note, one).length > 0);
    if (!witness) throw refused('unknown-witness');
    if (!(await this.heads.isKept(body, note, head.size, witness.name)))
      throw refused('unknown-head');
    const at = this.timeOf(note, witness);
    const [signature] = signaturesOf(note, witness);
    const said = {
      size: head.size,
      cosignature: signature ? signatureLine(signature) : '',
      cosigned_at: at,
    };
    await this.database
      .insertInto('outside_witnesses')
      .values({ verifier_key: formatVerifierKey(witness), ...said })
      .onConflict((conflict) =>
        conflict
          .column('verifier_key')
          .doUpdateSet(said)
          .where(sql<boolean>`outside_witnesses.size <= ${head.size}::bigint`),
      )
      .execute();
  }

  private timeOf(note: Note, witness: NoteKey): Date {
    const seconds = cosignatureOf(note, witness);
    // One line, so that what is kept is what was verified.
    if (seconds === undefined || signaturesOf(note, witness).length !== 1)
      throw refused('signature');
    const aheadSeconds = seconds - this.clock.now() / 1_000;
    if (aheadSeconds > AHEAD_SECONDS || aheadSeconds < -PAST_SECONDS) throw refused('time');
    return new Date(seconds * 1_000);
  }
}

const refused = (reason: string): ConduitError =>
  new ConduitError('COSIGNATURE_REFUSED', { facts: { reason } });
