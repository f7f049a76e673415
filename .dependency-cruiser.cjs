/** Dependencies point inwards: `core` knows nobody, the ports know `core`, `lambdas` and `local` put it together. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|lambdas|bin|lib)/', pathNot: [from, ...allowed] },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      // What Lambda runs and the console page are bundled, the template runner is for a clone: none is installed with the package.
      from: { path: '^(src|lambdas)/', pathNot: '^(src/(aws|template-runner|console)|lambdas/deployed)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] },
    },
    only('core-knows-nobody', '^src/core/', [], 'The domain imports nothing of the project.'),
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { dependencyTypes: ['core'] },
      comment: 'No I/O in the domain: not even a Node built-in.',
    },
    {
      name: 'core-has-no-aws',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: 'node_modules/(@aws-sdk|@types/aws-lambda|@smithy)' },
    },
    only('process-knows-nobody', '^src/process/', [], 'What processes of ours have in common.'),
    only('gateway-knows-nobody', '^src/gateway/', [], 'The gateway is usable by itself.'),
    only('auth-knows-core', '^src/auth/', ['^src/core/'], 'Tokens: an implementation of the core’s port.'),
    only('embedded-knows-core', '^src/embedded/', ['^src/core/'], 'Ports on LMDB and memory.'),
    only('aws-knows-core', '^src/aws/', ['^src/core/', '^src/auth/'], 'Ports on DynamoDB, API Gateway, SQS.'),
    only(
      'lambdas-translate',
      '^lambdas/(?!deployed/)',
      ['^src/core/', '^src/auth/', '^src/process/sha256.ts$'],
      'A handler translates, calls the core, translates.',
    ),
    only(
      'deployed-composes',
      '^lambdas/deployed/',
      ['^lambdas/', '^src/aws/'],
      'A handler with the ports on AWS: what Lambda runs.',
    ),
    only('lib-knows-nobody', '^lib/', [], 'Constructs know the functions by their bundles alone.'),
    only('bin-knows-lib', '^bin/', ['^lib/'], 'The CDK app.'),
    only(
      'template-runner-knows-the-gateway',
      '^src/template-runner/',
      ['^src/(gateway|process)/'],
      'All it knows of the project is in the template.',
    ),
    only('client-knows-nobody', '^src/client/', [], 'What an app installs brings nothing else along.'),
    only('react-knows-client', '^src/react/', ['^src/client/'], 'Hooks around the client.'),
    only(
      'console-knows-client',
      '^src/console/',
      ['^src/client/', '^src/publisher/results.ts$', '^src/core/(codes|ports|why/(event|device)-way).ts$'],
      'The page is an app like any other, that knows what the API answers.',
    ),
    only(
      'publisher-knows-the-event-map',
      '^src/publisher/',
      ['^src/client/event-map.ts$'],
      'A backend installs nothing of the client but its types.',
    ),
    only(
      'bridge-publishes',
      '^src/bridge/',
      ['^src/(core|publisher|process)/'],
      'Takes from Redis, and publishes as everybody does.',
    ),
    only(
      'local-composes',
      '^src/local/',
      ['^src/(core|auth|gateway|embedded|process|bridge)/', '^lambdas/(?!deployed/)'],
      'Puts the embedded server together.',
    ),
    only(
      'cli-is-a-client',
      '^src/cli/',
      [
        '^src/(auth|core|bridge|process)/',
        '^src/local/token-secret.ts$',
        '^src/aws/(sqs-event-queue|clients/queues).ts$',
      ],
      'The CLI talks to a server by URL, or runs the bridge to one or to a queue.',
    ),
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|lambdas|lib|bin)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
