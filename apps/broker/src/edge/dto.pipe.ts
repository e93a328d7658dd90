/**
 * Bodies and query strings become validated DTOs. A body is read here, after the guards, and never
 * before. Parameters without a DTO class pass through.
 */
import { IncomingMessage } from 'node:http';
import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { parseJson, readBody, SMALL_BODY_BYTES } from '#apps/broker/src/edge/read-body.js';
import { readDto } from '#libs/contracts/read-dto.js';
import type { FastifyRequest } from 'fastify';

type DtoClass = new () => object;

@Injectable()
export class DtoPipe implements PipeTransform {
  private readonly dtoClasses = new Map<unknown, boolean>();

  async transform(value: unknown, { metatype, type }: ArgumentMetadata): Promise<unknown> {
    if (type === 'custom' || !this.isDto(metatype)) return value;
    if (type !== 'body') return readDto(metatype, value ?? {});
    if (!(value instanceof IncomingMessage)) return readDto(metatype, value ?? {});
    const request = { raw: value, headers: value.headers } as unknown as FastifyRequest;
    return readDto(metatype, parseJson(await readBody(request, SMALL_BODY_BYTES)));
  }

  private isDto(metatype: unknown): metatype is DtoClass {
    if (typeof metatype !== 'function') return false;
    let known = this.dtoClasses.get(metatype);
    if (known === undefined) {
      const storage = getMetadataStorage();
      known = storage.getTargetValidationMetadatas(metatype, '', false, false).length > 0;
      this.dtoClasses.set(metatype, known);
    }
    return known;
  }
}
