/**
 * Lets a handler's own error reach the LinkServer. Without this filter Nest logs the error's text
 * and replaces it by one without a code, so every microservice that listens on a LinkServer installs it:
 * `app.useGlobalFilters(new LinkErrorFilter())` before `listen`.
 */
import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';
import { type Observable, throwError } from 'rxjs';

@Catch()
export class LinkErrorFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => (error instanceof RpcException ? error.getError() : error));
  }
}
