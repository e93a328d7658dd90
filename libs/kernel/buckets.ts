/**
 * Sizes as classes. Audit records, logs and metrics never carry an exact duration, row count or
 * size: a count of one patient's rows can identify the patient.
 */
const DURATION_EDGES_MS = [10, 50, 100, 500, 1_000, 5_000, 30_000, 60_000, 300_000];
const ROW_EDGES = [0, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const BYTE_EDGES = [0, 1_024, 10_240, 102_400, 1_048_576, 10_485_760, 104_857_600, 1_073_741_824];

function bucket(edges: readonly number[], value: number): string {
  const edge = edges.find((candidate) => value <= candidate);
  return edge === undefined ? `>${edges[edges.length - 1]}` : `<=${edge}`;
}

/** @param ms milliseconds */
export const durationBucket = (ms: number): string => bucket(DURATION_EDGES_MS, ms);

export const rowsBucket = (rows: number): string => bucket(ROW_EDGES, rows);

/** @param bytes octets */
export const bytesBucket = (bytes: number): string => bucket(BYTE_EDGES, bytes);
