/**
 * The API described: `/openapi.json` for machines, `/docs` for people. Promises: every route is in
 * it, every error it can answer too; the page loads nothing from anywhere else. The console's own API
 * has a document of its own, for people who are signed in.
 */
import { Module } from '@nestjs/common';
import { ConsoleReferenceController } from '#apps/broker/src/reference/console-reference.controller.js';
import { ReferenceController } from '#apps/broker/src/reference/reference.controller.js';

@Module({ controllers: [ConsoleReferenceController, ReferenceController] })
export class ReferenceModule {}
