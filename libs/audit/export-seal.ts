/**
 * The seal of an export: whoever made it signs all of it with the key of the log, also what no tree can prove:
 * when it was made and what was asked for. The note's first line is that of nothing else which the key signs.
 */
import { hash, type KeyObject } from 'node:crypto';
import { AUDIT_EXPORT_FORMAT, unsealedText, type AuditExport } from '#libs/audit/audit-export.js';
import { isSignedBy, parseNote, signNote, type NoteKey } from '#libs/audit/signed-note.js';

function sealText(auditExport: AuditExport): string {
  const digest = hash('sha256', unsealedText(auditExport), 'base64');
  return `${AUDIT_EXPORT_FORMAT}\n${digest}\n`;
}

/** @param name of the log whose key this is */
export function sealExport(
  auditExport: AuditExport,
  name: string,
  privateKey: KeyObject,
): AuditExport {
  return { ...auditExport, seal: signNote(sealText(auditExport), name, privateKey) };
}

/** Whether one of these keys has sealed the export just as it is. */
export function isSealedBy(auditExport: AuditExport, keys: readonly NoteKey[]): boolean {
  const note = parseNote(auditExport.seal ?? '');
  if (note?.text !== sealText(auditExport)) return false;
  return keys.some((key) => isSignedBy(note, key));
}
