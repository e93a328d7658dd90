/** Where Chromium is, and how it comes to trust the certificate that a conduit makes for itself. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { connect } from 'node:tls';

/** Debian's; undefined where it is not installed. */
export const chromiumPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path));

/**
 * For `--ignore-certificate-errors-spki-list`: with it the browser takes the connection for secure,
 * as it does in production, whereas merely ignored errors would take passkeys away.
 */
export async function trustedKeys(origin: string, caFile: string): Promise<string> {
  const { hostname, port } = new URL(origin);
  const leaf = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      servername: hostname,
      ca: readFileSync(caFile),
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(raw);
    });
  });
  const key = new X509Certificate(leaf).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
