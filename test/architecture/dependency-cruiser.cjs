/**
 * Who may import whom: kernel ← errors ← contracts ← the other libs ← apps.
 * layers.spec.ts runs these rules over the tree and over planted violations.
 */
const middle = '(link|pki|sealing|grants|audit|incidents|queue|redis|db|tsql|webhooks)';

/** Files of libs that import nothing but each other, so that they run anywhere. */
const browserSafe = '(kernel/exhaustive|kernel/local-day|grants/purpose-words)\\.ts';
const browserLibraries =
  '@simplewebauthn/browser|@tanstack/react-query|react|react-aria-components|react-dom|react-router|recharts|uqr';

module.exports = {
  forbidden: [
    {
      name: 'kernel-imports-nothing',
      severity: 'error',
      from: { path: '^libs/kernel/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(libs/(?!kernel/)|apps/|node_modules/)' },
    },
    {
      name: 'errors-import-kernel-only',
      severity: 'error',
      from: { path: '^libs/errors/' },
      to: { path: '^(libs/(?!errors/|kernel/)|apps/|node_modules/)' },
    },
    {
      name: 'contracts-stay-below-libs',
      severity: 'error',
      from: { path: '^libs/contracts/' },
      to: { path: `^(libs/${middle}/|apps/)` },
    },
    {
      name: 'libs-never-import-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^(apps|test|deploy)/' },
    },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'apps-never-import-tests',
      severity: 'error',
      from: { path: '^apps/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(test|deploy)/' },
    },
    {
      name: 'agent-stays-light',
      comment: 'The agent runs on the practice server: no broker database, no queue, no Redis.',
      severity: 'error',
      from: { path: '^apps/agent/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^(libs/(db|queue|redis)/|node_modules/(bullmq|ioredis|pg|@electric-sql)/)' },
    },
    {
      name: 'console-runs-in-a-browser',
      comment:
        'What the console takes from libs must run in a browser: types of its API, and pure code. No Node, no server library.',
      severity: 'error',
      from: { path: '^apps/console/src/', pathNot: '\\.spec\\.ts$' },
      to: {
        path: `^(libs/(?!console-api/|${browserSafe})|node_modules/(?!(${browserLibraries})/))`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'console-uses-nothing-of-node',
      severity: 'error',
      from: { path: '^apps/console/src/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'areas-never-import-areas',
      comment:
        'Pages of a practice, an integrator and the operator share rooms, not each other’s files.',
      severity: 'error',
      from: { path: '^apps/console/src/pages/([^/]+)/' },
      to: { path: '^apps/console/src/pages/(?!$1/)[^/]+/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.conduit|planted/test)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
