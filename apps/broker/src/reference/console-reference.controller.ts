import { Controller, Get, Header } from '@nestjs/common';
import { Policy } from '#apps/broker/src/access/policy.decorator.js';
import { consoleDocument } from '#apps/broker/src/reference/console-document.js';

/** The console's own API described, for whoever is signed in. */
@Controller('console/api/openapi.json')
@Policy('session')
export class ConsoleReferenceController {
  @Get()
  @Header('Content-Type', 'application/json; charset=utf-8')
  read(): string {
    return JSON.stringify(consoleDocument());
  }
}
