/**
 * The floor of P1: a bare node:https server that answers each request with its own body, under the
 * same kind of certificate as the broker's. Run as `node https-echo.js BROKER_STATE`; prints its port.
 */
import 'reflect-metadata';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { authorityFolder, gatewayHosts } from '#apps/broker/src/enrolment/authority.module.js';
import { openAuthority } from '#apps/broker/src/enrolment/open-authority.js';
import { ServerIdentity } from '#apps/broker/src/enrolment/server-identity.js';

const authority = await openAuthority(authorityFolder(process.argv[2] ?? ''), Date.now());
const identity = await ServerIdentity.make(authority, gatewayHosts('localhost'), Date.now());
const server = createServer(
  { key: identity.current.privateKey, cert: identity.current.chain },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(Buffer.concat(chunks));
    });
  },
);
server.listen(0, () => console.log(`port ${(server.address() as AddressInfo).port}`));
process.on('SIGTERM', () => process.exit(0));
