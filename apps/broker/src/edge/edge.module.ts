/**
 * The rim where HTTP begins and ends. Promises: one answer shape for every failure, whatever failed;
 * no stack, no library's words, no input in an answer; no body read before the caller is known.
 */
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { DtoPipe } from '#apps/broker/src/edge/dto.pipe.js';
import { ErrorFilter } from '#apps/broker/src/edge/error.filter.js';

@Module({
  providers: [
    { provide: APP_FILTER, useClass: ErrorFilter },
    { provide: APP_PIPE, useClass: DtoPipe },
  ],
})
export class EdgeModule {}
