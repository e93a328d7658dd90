import { Controller, Get, Header } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { consoleDocument } from '#apps/broker/src/reference/console-document.js';

/** The console's own API described, for whoever is signed in. */
@Controller('console/api/openapi.json')
@Policy('session')
export class ConsoleReferenceController {
  /** Made once: it does not change while the process runs. */
  private document: string | undefined;

  constructor(private readonly routes: RouteTable) {}

  @Get()
  @Header('Content-Type', 'application/json; charset=utf-8')
  read(): string {
    if (this.document === undefined) {
      const taken = new Map(this.routes.list().map((one) => [`${one.method} ${one.path}`, one]));
      this.document = JSON.stringify(consoleDocument((route) => taken.get(route) ?? {}));
    }
    return this.document;
  }
}
