/**
 * From a practice's choices to a document that its owner reads and signs, and from the signed document
 * to the practice's server. Nothing is kept in between: what counts is what comes back signed.
 */
import { Injectable } from '@nestjs/common';
import { ConsoleOrigin } from '#apps/broker/src/access/console-origin.js';
import type { SignedInPerson } from '#apps/broker/src/access/signed-in-person.js';
import { DraftGrant, type GrantDraft } from '#apps/broker/src/grants/draft-grant.js';
import { OfferedApprovers } from '#apps/broker/src/grants/offered-approvers.js';
import { ProposeGrant } from '#apps/broker/src/grants/propose-grant.js';
import { ShowPermissions } from '#apps/broker/src/practice-desk/show-permissions.js';
import type {
  DraftChangeRequest,
  DraftedPermission,
  Permission,
  PermissionChoices,
  ProposePermissionRequest,
} from '#libs/console-api/practice.js';
import { ConduitError } from '#libs/errors/conduit-error.js';
import type { GrantChoices } from '#libs/grants/draft-grant.js';

/** Long enough to read a permission again while the browser asks. */
const SIGNING_MS = 300_000;

@Injectable()
export class ApproveAccess {
  constructor(
    private readonly draft: DraftGrant,
    private readonly propose: ProposeGrant,
    private readonly approvers: OfferedApprovers,
    private readonly origin: ConsoleOrigin,
    private readonly permissions: ShowPermissions,
  ) {}

  async draftRequest(
    practiceId: string,
    person: SignedInPerson,
    accessRequestId: string,
    choices: PermissionChoices,
  ): Promise<DraftedPermission> {
    const own = await this.admitted(practiceId, person);
    const { timeZone } = await this.permissions.names(practiceId);
    const terms = grantChoices(choices, timeZone);
    return this.ready(
      practiceId,
      own,
      await this.draft.forRequest(practiceId, accessRequestId, terms),
    );
  }

  async draftChange(
    practiceId: string,
    person: SignedInPerson,
    grantId: string,
    { change, choices = {} }: DraftChangeRequest,
  ): Promise<DraftedPermission> {
    const own = await this.admitted(practiceId, person);
    const { timeZone } = await this.permissions.names(practiceId);
    const terms = grantChoices(change === 'renew' ? { days: 365, ...choices } : choices, timeZone);
    const drafted =
      change === 'revoke'
        ? await this.draft.revocation(practiceId, grantId)
        : await this.draft.change(practiceId, grantId, terms);
    return this.ready(practiceId, own, drafted);
  }

  /** Resolves when the practice's server has answered, or could not be reached just now. */
  async sign(
    practiceId: string,
    { personId }: SignedInPerson,
    { document, credential, answers }: ProposePermissionRequest,
  ): Promise<Permission> {
    const { id, response } = credential;
    const { grantId } = await this.propose.execute({
      practiceId,
      personId,
      document,
      ...(answers && { answers }),
      credential: {
        id,
        response: {
          authenticatorData: response.authenticatorData,
          clientDataJSON: response.clientDataJSON,
          signature: response.signature,
        },
      },
    });
    return this.permissions.find(practiceId, grantId);
  }

  /**
   * Credential ids. Asked before anything else: without one there is no use in drafting.
   * @throws ConduitError APPROVER_NOT_FOUND when no passkey of this person is admitted on a server
   */
  private async admitted(practiceId: string, { personId }: SignedInPerson): Promise<string[]> {
    const admitted = (await this.approvers.of(practiceId))
      .filter((one) => one.personId === personId)
      .filter(({ agents }) => agents.some((at) => at.admittedAt !== undefined));
    if (admitted.length === 0) throw new ConduitError('APPROVER_NOT_FOUND');
    return admitted.map(({ credentialId }) => credentialId);
  }

  private async ready(
    practiceId: string,
    credentialIds: readonly string[],
    { document, grant, challenge }: GrantDraft,
  ): Promise<DraftedPermission> {
    const lines = await this.permissions.linesOf(practiceId, grant);
    return {
      document,
      lines,
      options: {
        challenge,
        rpId: this.origin.rpId,
        allowCredentials: credentialIds.map((id) => ({ id, type: 'public-key' })),
        userVerification: 'required',
        timeout: SIGNING_MS,
      },
    };
  }
}

function grantChoices(choices: PermissionChoices, timeZone: string): GrantChoices {
  const { days, hours, anyHour, writesWithoutJournal, ...rest } = choices;
  return {
    ...rest,
    ...(days !== undefined && { expires: `${days}d` }),
    ...(anyHour === true && { hours: 'any' as const }),
    ...(hours !== undefined && { hours: { ...hours, timeZone } }),
    ...(writesWithoutJournal === true && { writeJournal: 'none' as const }),
  };
}
