import { expect, test } from '@jest/globals';
import { plainContentType } from '#apps/broker/src/edge/plain-content-type.js';

test.each([
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['application/vnd.zz+json ;a=b', 'application/json'],
  ['application/x-www-form-urlencoded;charset=UTF-8', 'application/x-www-form-urlencoded'],
  ['application/jsonx', 'application/octet-stream'],
  ['text/plain; charset=utf-8', 'text/plain'],
  ['text/ZzSmith', 'application/octet-stream'],
  ['ZzSmith', 'application/octet-stream'],
])('%s is %s', (given, plain) => expect(plainContentType(given)).toBe(plain));
