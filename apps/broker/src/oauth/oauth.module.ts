/**
 * OAuth 2 for integrators: client credentials with a signature of the client's own in place of a
 * shared secret. Promises: only registered public keys count and none is ever fetched; an assertion
 * serves once; a token lasts ten minutes, is stored nowhere and ends at once with its client.
 */
import { Module } from '@nestjs/common';
import { CheckAssertion } from '#apps/broker/src/oauth/check-assertion.js';
import { IssueToken } from '#apps/broker/src/oauth/issue-token.js';
import { TokenController } from '#apps/broker/src/oauth/token.controller.js';
import { UsedAssertions } from '#apps/broker/src/oauth/used-assertions.js';

@Module({
  controllers: [TokenController],
  providers: [CheckAssertion, IssueToken, UsedAssertions],
})
export class OauthModule {}
