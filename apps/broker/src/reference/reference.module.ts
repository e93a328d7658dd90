/**
 * The API described: `/openapi.json` for machines, `/docs` for people. Promises: every route is in
 * it, every error it can answer too; the page loads nothing from anywhere else.
 */
import { Module } from '@nestjs/common';
import { ReferenceController } from '#apps/broker/src/reference/reference.controller.js';

@Module({ controllers: [ReferenceController] })
export class ReferenceModule {}
