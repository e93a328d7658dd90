/** Bodies of the token endpoint: OAuth's own names. */
import { object, text, whole, type Schema } from '#apps/broker/src/reference/schema-words.js';

export const accessSchemas: Record<string, Schema> = {
  TokenRequest: object(
    {
      grant_type: { type: 'string', enum: ['client_credentials'] },
      client_assertion_type: {
        type: 'string',
        enum: ['urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      },
      client_assertion: text('A JWT that the client signed.'),
      client_id: text('When it is there, that of the assertion.'),
      result_secret: text('base64url of 32 random bytes that the client keeps.'),
    },
    ['grant_type', 'client_assertion_type', 'client_assertion'],
  ),
  Token: object(
    {
      access_token: text('Opaque. Sent as Authorization: Bearer.'),
      token_type: { type: 'string', enum: ['Bearer'] },
      expires_in: whole('Seconds.'),
    },
    ['access_token', 'token_type', 'expires_in'],
  ),
  TokenError: object(
    {
      error: {
        type: 'string',
        enum: [
          'invalid_request',
          'invalid_client',
          'unsupported_grant_type',
          'temporarily_unavailable',
        ],
      },
      error_description: text('What was wrong, in words.'),
      code: text('Our own code.'),
    },
    ['error'],
  ),
};
