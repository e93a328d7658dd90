/**
 * Lint rules. Beside the usual correctness rules they hold the project's own: forge never does
 * cryptography, messages are never composed from values, each driver library has one home.
 * rules.spec.ts plants a violation of each own rule and proves that it is found.
 */
import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

const forgeCryptography = [
  {
    selector:
      "MemberExpression[object.name='forge'][property.name=/^(tls|random|pkcs7|pkcs12|pkcs5|cipher|hmac|rsa|prime|kem|ssh)$/]",
    message: 'node-forge builds and parses X.509 only; use node:crypto.',
  },
  {
    selector:
      "MemberExpression[object.property.name='pki'][property.name=/^(rsa|ed25519|verifyCertificateChain|createCaStore|encryptPrivateKeyInfo|decryptPrivateKeyInfo)$/]",
    message: 'node-forge builds and parses X.509 only; use node:crypto.',
  },
  {
    selector: 'ImportDeclaration[source.value=/^node-forge\\//]',
    message: 'Import node-forge as a whole, so that these rules see what is used.',
  },
];

const composedMessages = [
  {
    selector:
      "NewExpression[callee.name=/Error$/][callee.name!='ConduitError'] > TemplateLiteral[expressions.length>0]",
    message: 'Error messages are never composed from values: patient data could slip in.',
  },
  {
    selector: "NewExpression[callee.name=/Error$/] > BinaryExpression[operator='+']",
    message: 'Error messages are never composed from values: patient data could slip in.',
  },
];

const homes = (allowed) => ({
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: 'bullmq', message: 'Only libs/queue speaks to BullMQ.' },
        { name: 'mssql', message: 'Only the PMS driver speaks to SQL Server.' },
        { name: 'tedious', message: 'Only the PMS driver speaks to SQL Server.' },
        { name: 'node-forge', message: 'Only libs/pki builds and parses certificates.' },
        { name: 'ioredis', message: 'Only libs/redis opens connections to Redis.' },
        { name: 'pg', message: 'Only libs/db speaks to PostgreSQL.' },
        { name: '@electric-sql/pglite', message: 'Only libs/db opens PGlite.' },
      ].filter(({ name }) => !allowed.includes(name)),
    },
  ],
});

export default ts.config(
  {
    ignores: ['**/dist/**', '**/.conduit/**', 'test/architecture/planted/**', '**/node_modules/**'],
  },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: `${import.meta.dirname}/../..` },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      'no-console': 'error',
      'no-control-regex': 'off',
      'no-restricted-syntax': ['error', ...forgeCryptography],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      ...homes([]),
    },
  },
  {
    files: ['apps/agent/src/**/*.ts', 'apps/broker/src/**/*.ts', 'libs/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.fixture.ts', 'libs/kernel/exhaustive.ts'],
    rules: { 'no-restricted-syntax': ['error', ...forgeCryptography, ...composedMessages] },
  },
  {
    files: ['apps/console/src/**'],
    ...hooks.configs.flat.recommended,
    rules: {
      ...hooks.configs.flat.recommended.rules,
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Only api/request.ts speaks to the broker.' },
        { name: 'localStorage', message: 'A shared computer keeps nothing of anybody’s.' },
        { name: 'EventSource', message: 'Only api/ speaks to the broker.' },
      ],
      'no-restricted-syntax': [
        'error',
        ...composedMessages,
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'Text is text: markup from anywhere else runs as us.',
        },
        {
          selector: "JSXAttribute[name.name='target'][value.value='_blank']",
          message: 'A page of ours stays in its window.',
        },
      ],
    },
  },
  {
    files: ['apps/console/src/api/**'],
    rules: { 'no-restricted-globals': ['error', 'localStorage'] },
  },
  { files: ['libs/queue/**'], rules: homes(['bullmq', 'ioredis']) },
  { files: ['libs/redis/**'], rules: homes(['ioredis']) },
  { files: ['libs/db/**'], rules: homes(['pg', '@electric-sql/pglite']) },
  { files: ['libs/pki/**'], rules: homes(['node-forge']) },
  { files: ['apps/agent/src/pms/**'], rules: homes(['mssql', 'tedious']) },
  { files: ['apps/sandbox/**'], rules: homes(['pg', 'mssql', 'tedious']) },
  {
    files: ['test/**', '**/*.spec.ts', '**/*.fixture.ts', 'deploy/**'],
    rules: homes(['pg', 'mssql', 'tedious', 'ioredis', 'node-forge', '@electric-sql/pglite']),
  },
  { files: ['test/bench/async-rate.ts'], rules: homes(['bullmq']) },
  {
    files: [
      'apps/agent/src/control/**',
      'apps/agent/src/main.ts',
      'apps/sandbox/src/{main,load}.ts',
      'apps/broker/src/main.ts',
      'deploy/**',
      'test/**',
    ],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        module: 'writable',
        Buffer: 'readonly',
        fetch: 'readonly',
      },
    },
  },
);
