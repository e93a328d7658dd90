/** The file of an incident, as it stands: canonical JSON, and what the PDF is made of. That it left is recorded. */
import { Injectable } from '@nestjs/common';
import type { IncidentAt } from '#apps/broker/src/incidents/incident-place.js';
import { IncidentRegister } from '#apps/broker/src/incidents/incident-register.js';
import { ShowIncident } from '#apps/broker/src/incidents/show-incident.js';
import type { IncidentFile } from '#libs/console-api/incidents.js';
import { canonicalJson } from '#libs/grants/canonical-json.js';
import { DRILL_LINE } from '#libs/incidents/incident-facts.js';

const WORDS = [
  'This file holds what is known of an incident: what was looked at, stopped, found, decided and said, and when.',
  'Conduit passes records on and keeps none: nobody’s name and no content is in it. Patients are told by their practice, which finds them on its own server.',
  'The evidence pack’s hash is the SHA-256 of the canonical JSON (RFC 8785) of its content; the audit log holds it.',
];

@Injectable()
export class ExportIncident {
  constructor(
    private readonly register: IncidentRegister,
    private readonly shown: ShowIncident,
  ) {}

  /**
   * Recorded first, so that the file's own timeline says that it was made.
   * @throws ConduitError CONSOLE_ENTRY_NOT_FOUND for one that is not the reader's own; AUDIT_UNAVAILABLE
   */
  async file(at: IncidentAt, format: 'json' | 'pdf'): Promise<IncidentFile> {
    const states = ['assessing', 'eligible', 'not-eligible', 'notified', 'closed'] as const;
    const step = { kind: 'exported', type: 'incident.exported', personId: at.personId } as const;
    await this.register.change(
      at,
      (within, row) =>
        this.register.note(within, row, { ...step, word: format, record: { reason: format } }),
      states,
    );
    const incident = await this.shown.one(at);
    const ready = incident.packs.find(({ state }) => state === 'ready');
    const pack = ready && (await this.shown.pack(at, ready.packId));
    return {
      format: 'conduit-incident/1',
      exportedAt: this.register.now().toISOString(),
      words: incident.drill ? [DRILL_LINE, ...WORDS] : WORDS,
      incident,
      ...(pack && { pack }),
    };
  }

  async json(at: IncidentAt): Promise<string> {
    return canonicalJson(await this.file(at, 'json'));
  }
}
