/**
 * Leaves rows of withdrawn patients out of an answer. The list is looked at for each row, so that a
 * withdrawal counts from the next row on. A result set without the column that names its patients is
 * not shown at all.
 */
import type { ColumnFacts } from '#libs/contracts/link-messages.js';
import { normalisePatient } from '#apps/agent/src/consent/patient-id.js';
import { readRowValues } from '#apps/agent/src/consent/row-values.js';
import type { RowFilter } from '#apps/agent/src/pms/rows/result-writer.js';

export class PatientFilter implements RowFilter {
  private wanted: number[] = [];

  /**
   * @param columns names in lower case; not empty
   * @param isWithdrawn asked with the spelling that is compared
   */
  constructor(
    private readonly columns: readonly string[],
    private readonly isWithdrawn: (patient: string) => boolean,
  ) {}

  beginSet(shown: readonly ColumnFacts[]): boolean {
    this.wanted = shown.flatMap(({ name }, i) =>
      this.columns.includes(name.toLowerCase()) ? [i] : [],
    );
    return this.wanted.length > 0;
  }

  keeps(row: Buffer, keys: readonly Buffer[]): boolean {
    return readRowValues(row, keys, this.wanted).every((value) => {
      // NULL is nobody, and what has no such spelling is nobody on the list.
      const patient = value === null ? undefined : normalisePatient(value);
      return patient === undefined || !this.isWithdrawn(patient);
    });
  }
}
