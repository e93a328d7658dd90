/** One read and one write through the public API, so that a newcomer sees rows and a booking. */
import { StartError } from '#deploy/dev/child-program.js';
import type { HttpsJson } from '#deploy/dev/https-json.js';

type Row = Record<string, unknown>;

interface SqlParameter {
  name: string;
  direction?: string;
  type: string;
  value?: string | null;
}

interface Answer {
  result: { data?: string; rowsAffected?: number; parameters?: SqlParameter[] };
}

/** The statement that the banner shows too. */
export const readStatement = `SELECT TOP (5) p.SURNAME, p.FIRSTNAME, a.APPOINTMENTDATE, a.APPOINTMENTTIME
FROM dbo.Appointment a
JOIN dbo.Patient p ON p.INTERNALID = a.INTERNALID
WHERE a.APPOINTMENTDATE >= CAST(GETDATE() AS date) AND a.RECORDSTATUS = 1
ORDER BY a.APPOINTMENTDATE, a.APPOINTMENTTIME, a.APPOINTMENTID`;

export class FirstQueries {
  private readonly path: string;

  constructor(
    private readonly integrator: HttpsJson,
    siteId: string,
  ) {
    this.path = `/integrator/sites/${siteId}/queries/immediate`;
  }

  private async run(command: object): Promise<Answer['result']> {
    return (await this.integrator.expect<Answer>('POST', this.path, { command })).result;
  }

  private async rows(command: object): Promise<Row[]> {
    const { data } = await this.run(command);
    return JSON.parse(Buffer.from(data ?? '', 'base64').toString()) as Row[];
  }

  /** The next five appointments; on a database that is not the sandbox's, the names of five tables. */
  async read(isSandbox: boolean): Promise<Row[]> {
    const text = isSandbox
      ? readStatement
      : 'SELECT TOP (5) TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES ORDER BY TABLE_NAME';
    return this.rows({ text });
  }

  /** Books the first free slot of the coming weeks. */
  async book(): Promise<{ appointmentId: string; date: string; practitionerId: number }> {
    const patients = await this.rows({
      text: 'SELECT TOP (1) INTERNALID FROM dbo.Patient WHERE RECORDSTATUS = 1 ORDER BY INTERNALID',
    });
    const patientId = patients[0]?.['INTERNALID'];
    for (let day = 1; day <= 28; day += 1) {
      const date = new Date(Date.now() + day * 86_400_000).toISOString().slice(0, 10);
      for (let practitionerId = 1; practitionerId <= 3; practitionerId += 1) {
        const slot = (await this.freeSlots(practitionerId, date))[0];
        if (!slot) continue;
        const appointmentId = await this.bookSlot(slot, practitionerId, date, String(patientId));
        if (appointmentId !== '0') return { appointmentId, date, practitionerId };
      }
    }
    throw new StartError('The sandbox clinic has no free slot in four weeks; try --reset.');
  }

  private freeSlots(practitionerId: number, date: string): Promise<Row[]> {
    return this.rows({
      text: 'dbo.GetFreeSlots',
      type: 'storedProcedure',
      parameters: [
        { name: '@PractitionerId', type: 'Int', value: String(practitionerId) },
        { name: '@Date', type: 'Date', value: date },
      ],
    });
  }

  private async bookSlot(
    slot: Row,
    practitionerId: number,
    date: string,
    patientId: string,
  ): Promise<string> {
    const { parameters } = await this.run({
      text: 'dbo.BookAppointment',
      type: 'storedProcedure',
      executionMode: 'nonQuery',
      parameters: [
        { name: '@PractitionerId', type: 'Int', value: String(practitionerId) },
        { name: '@LocationId', type: 'Int', value: String(slot['LOCATIONID']) },
        { name: '@InternalId', type: 'Int', value: patientId },
        { name: '@Date', type: 'Date', value: date },
        { name: '@Time', type: 'Int', value: String(slot['SLOTTIME']) },
        { name: '@Length', type: 'Int', value: String(slot['SLOTLENGTH']) },
        { name: '@Reason', type: 'NVarChar', value: 'Booked by the demo integrator' },
        { name: '@NewId', type: 'Int', direction: 'returnValue' },
      ],
    });
    return parameters?.find(({ direction }) => direction === 'returnValue')?.value ?? '0';
  }
}
