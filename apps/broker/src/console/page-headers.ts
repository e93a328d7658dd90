/**
 * What the console's pages may do in a browser, in place of the API's headers of the same names.
 * `data:` images are what a chart or a QR code may be saved as; nothing comes from another host.
 */
const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'font-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': "'none'",
};

export const pageHeaders = {
  'content-security-policy': Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; '),
  'permissions-policy':
    'camera=(), clipboard-write=(self), display-capture=(), geolocation=(), microphone=(), payment=(), ' +
    'publickey-credentials-create=(self), publickey-credentials-get=(self), usb=()',
} as const;
