/** What the words of the privacy desk mean to somebody at a practice. */
import type {
  IdentityFinding,
  PrivacyGround,
  PrivacyKind,
  PrivacyOutcome,
  PrivacyStep,
} from '#libs/console-api/privacy.js';

export const kindWords: Record<PrivacyKind, string> = {
  access: 'Access',
  correction: 'Correction',
  complaint: 'Complaint',
};

export const kindHints: Record<PrivacyKind, string> = {
  access: 'Somebody wants to see what is held about them.',
  correction: 'Somebody says that something about them is wrong.',
  complaint: 'Somebody complains about how their information was handled.',
};

export const identityWords: Record<IdentityFinding, string> = {
  'known-in-person': 'They are known here in person',
  'photo-identity': 'They showed identification with a photo',
  'details-on-file': 'They answered questions from the file',
  'authority-shown': 'They act for somebody and showed that they may',
  'not-established': 'It could not be established who they are',
};

export const outcomeWords: Record<PrivacyOutcome, string> = {
  given: 'Access was given',
  'given-in-part': 'Access was given in part',
  corrected: 'It was corrected',
  refused: 'It was refused',
  resolved: 'The complaint was resolved',
  'not-upheld': 'The complaint was not upheld',
  'taken-back': 'The person took it back',
};

export const groundWords: Record<PrivacyGround, string> = {
  'serious-threat': 'It would seriously threaten somebody’s life, health or safety',
  'privacy-of-others': 'It would unreasonably affect the privacy of others',
  'frivolous-or-vexatious': 'The request is frivolous or vexatious',
  'legal-proceedings': 'It belongs to legal proceedings and could not be had in them',
  negotiations: 'It would reveal intentions in negotiations with the person',
  'unlawful-to-give': 'It would be unlawful to give it',
  'required-to-refuse': 'A law or a court requires or allows to refuse it',
  'unlawful-activity':
    'Unlawful activity or serious misconduct is suspected, and this would hinder action',
  enforcement: 'It would hinder an enforcement body',
  'commercially-sensitive': 'It would reveal how a commercially sensitive decision is made',
  'not-held': 'We do not hold it',
  'identity-not-established': 'It could not be established who asks',
  'information-is-right': 'The information is accurate, complete and up to date as it is',
  'handled-rightly': 'The information was handled as it has to be',
  'not-about-us': 'It is not about our practice or its software',
  'not-enough-known': 'We asked, and were not told enough to look into it',
};

const isOutcome = (word: string): word is PrivacyOutcome => Object.hasOwn(outcomeWords, word);
const isFinding = (word: string): word is IdentityFinding => Object.hasOwn(identityWords, word);

/** What was done, as a sentence without its end. */
export function stepWords({ kind, word = '' }: PrivacyStep): string {
  if (kind === 'registered') return 'Registered';
  if (kind === 'identity') return isFinding(word) ? identityWords[word] : 'Identity looked at';
  if (kind === 'routed')
    return word === 'practice' ? 'Taken back by the practice' : `Passed on to ${word}`;
  if (kind === 'noted') return 'Note';
  if (kind === 'reopened') return 'Opened again';
  return isOutcome(word) ? outcomeWords[word] : 'Ended';
}

/** A day as people say it. @param day YYYY-MM-DD */
export const dayWords = (day: string): string =>
  new Intl.DateTimeFormat('en-AU', { dateStyle: 'medium', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  );
