/** Classes of durations and sizes, `<=500` or `>300000`, as people say them. */
function bounds(bucket: string): { isOver: boolean; value: number } {
  return { isOver: bucket.startsWith('>'), value: Number(bucket.replace(/^[<>]=?/, '')) };
}

const number = (value: number): string =>
  value.toLocaleString('en-AU', { maximumFractionDigits: 1 });

const worded = (bucket: string, say: (value: number) => string): string => {
  const { isOver, value } = bounds(bucket);
  if (Number.isNaN(value)) return bucket;
  return `${isOver ? 'more than' : 'up to'} ${say(value)}`;
};

/** @param bucket of milliseconds */
export const durationWords = (bucket: string): string =>
  worded(bucket, (ms) => (ms < 1_000 ? `${number(ms)} ms` : `${number(ms / 1_000)} s`));

/** @param bucket of octets */
export const sizeWords = (bucket: string): string =>
  worded(bucket, (bytes) => {
    if (bytes < 1_024) return `${number(bytes)} bytes`;
    if (bytes < 1_048_576) return `${number(bytes / 1_024)} KB`;
    return `${number(bytes / 1_048_576)} MB`;
  });

export const rowWords = (bucket: string): string =>
  bucket === '<=0' ? 'no rows' : worded(bucket, (rows) => `${number(rows)} rows`);
