/**
 * What gets signed when two sides prove something to each other: a label and every field, each with
 * its length in front, so that no two different sets of fields give the same bytes.
 */
const LENGTH_BYTES = 4;

/** One label for each purpose: a signature made for one can never be shown for another. */
export const transcriptLabels = {
  enrolmentByCode: 'conduit-enrolment-code-v1',
  enrolmentByIdentity: 'conduit-enrolment-identity-v1',
  recovery: 'conduit-recovery-v1',
  time: 'conduit-time-v1',
} as const;

export type TranscriptLabel = (typeof transcriptLabels)[keyof typeof transcriptLabels];

/** @returns `len32be(x) ‖ x` for the label and then each field, in order */
export function transcript(label: TranscriptLabel, fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    [Buffer.from(label, 'utf8'), ...fields].flatMap((field) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
}
