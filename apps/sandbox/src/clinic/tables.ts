/** Every table of the clinic, in the order in which they are made and filled. */
import { invoiceLineTable, invoiceTable, mergeLogTable, reminderTable } from './accounts.js';
import { appointmentTable } from './appointments.js';
import { documentTable, immunisationTable, resultTable } from './clinical-records.js';
import { edgeValuesTable } from './edge-values.js';
import { patientContactTable, patientTable } from './patients.js';
import {
  locationTable,
  practiceTable,
  practitionerLocationTable,
  practitionerTable,
} from './practice.js';
import { feeItemTable, medicineTable, postcodeTable, vaccineTable } from './reference.js';
import { keyStoreTable, myHealthRecordTable, systemUserTable } from './secrets.js';
import {
  appointmentTypeTable,
  practitionerLeaveTable,
  practitionerSessionTable,
} from './sessions.js';
import type { ClinicTable } from './table.js';

export const clinicTables: readonly ClinicTable[] = [
  practiceTable,
  locationTable,
  practitionerTable,
  practitionerLocationTable,
  systemUserTable,
  keyStoreTable,
  appointmentTypeTable,
  practitionerSessionTable,
  practitionerLeaveTable,
  patientTable,
  patientContactTable,
  appointmentTable,
  resultTable,
  documentTable,
  immunisationTable,
  invoiceTable,
  invoiceLineTable,
  reminderTable,
  mergeLogTable,
  myHealthRecordTable,
  edgeValuesTable,
  vaccineTable,
  medicineTable,
  feeItemTable,
  postcodeTable,
];
