import { Controller, Get, Header } from '@nestjs/common';
import { Policy, type PolicyName } from '#apps/broker/src/access/policy.decorator.js';
import { RouteTable } from '#apps/broker/src/access/route-table.js';
import { openApiDocument } from '#apps/broker/src/reference/openapi-document.js';
import { referencePage, referenceStyle } from '#apps/broker/src/reference/reference-page.js';

@Controller()
@Policy('public')
export class ReferenceController {
  /** Made once: it does not change while the process runs. */
  private document: string | undefined;
  private page: string | undefined;

  constructor(private readonly routes: RouteTable) {}

  @Get('openapi.json')
  @Header('Content-Type', 'application/json; charset=utf-8')
  readDocument(): string {
    if (this.document === undefined) {
      const policies = new Map<string, PolicyName>(
        this.routes.list().map(({ method, path, policy }) => [`${method} ${path}`, policy]),
      );
      this.document = JSON.stringify(openApiDocument((route) => policies.get(route) ?? 'public'));
    }
    return this.document;
  }

  @Get('docs')
  @Header('Content-Type', 'text/html; charset=utf-8')
  readPage(): string {
    this.page ??= referencePage();
    return this.page;
  }

  @Get('docs/style.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  readStyle(): string {
    return referenceStyle;
  }
}
