/** Commands that a test of their own runs, because they set up or take down what others stand on. */
export const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'test/local/example.test.ts',
  'npm start': 'test/local/example.test.ts',
  'npm ci && npm test': '.ci/run',
  'npm ci': '.ci/run',
  'npm run check': '.ci/run',
  'npm test': '.ci/run',
  'npm run synth': '.ci/run',
  'npm run simulate': '.ci/run',
  'npm run simulate -- --schedules 100000': '.ci/run',
  'npm run simulate:mutants': 'test/simulation/mutants.test.ts',
  'npm run test:kill': 'test/reliability/killMatrix.test.ts',
  'npm run bench': 'test/bench/command.test.ts',
  'npm run bench -- --json': 'test/bench/command.test.ts',
  'npm run bench -- --only inspect': 'test/bench/command.test.ts',
  'npm run bench -- --write-docs': 'test/bench/command.test.ts',
  'npm pack': 'test/package/package.test.ts',
  'npm ci && npm start -- --keep': 'test/cli/roundTrip.test.ts',
  'npm start -- --plan failed_quota,expired,partial,completed': 'test/local/example.test.ts',
  'npm start -- --provider anthropic': 'test/local/example.test.ts',
  'OPENAI_API_KEY=sk-… npm start -- my-requests.jsonl': 'test/local/example.test.ts',
  'npx cdk synth && npx batch-handler local requests.jsonl --assembly cdk.out':
    'test/package/package.test.ts',
  'npx batch-handler local --assembly cdk.out --keep': 'test/package/package.test.ts',
  'npm ci && npm run build:package': 'test/package/package.test.ts',
  'npx cdk synth --quiet --app "node examples/smallest/app.ts" --output dist/smallest':
    'test/package/package.test.ts',
  'npm start -- --assembly dist/smallest --data .local/smallest': 'test/package/package.test.ts',
  // At a terminal they ask.
  'batch-handler redrive': 'test/cli/operating.test.ts',
  'batch-handler drain': 'test/cli/drain.test.ts',
};

/** Sends a message that is refused, and waits until it is put aside. */
const ONE_DEAD_LETTER = `
aws sqs send-message --queue-url "$(output BatchQueueUrl)" \\
  --message-body '{"action":"cancel","batchId":"nobody"}'
until [ "$(aws sqs get-queue-attributes --queue-url "$(output DeadLetterQueueUrl)" --output text \\
  --attribute-names ApproximateNumberOfMessages --query 'Attributes.*')" != 0 ]; do sleep 0.2; done`;

/** Adds the batch that most pages ask about, unless another page has. */
const MY_BATCH = `
batch-handler list --json | grep -q '"my-batch"' || batch-handler add requests.jsonl --id my-batch --wait`;

/** What a page takes to have happened before a command is copied from it. */
export const BEFORE: Readonly<Record<string, string>> = {
  // What waits for its time would be watched until then.
  'batch-handler watch': `
until id=$(batch-handler list --status open --json | jq -r .batchId | grep monday); do sleep 0.2; done
batch-handler cancel "$id" --wait`,
  'batch-handler cancel tonight weekly --wait': `
for id in tonight weekly; do
  batch-handler add requests.jsonl --id $id --not-before "$(date -ud '+1 hour' +%FT%TZ)"
  until batch-handler show $id 2>/dev/null; do sleep 0.2; done
done`,
  'batch-handler redrive --queue batch --yes': ONE_DEAD_LETTER,
  'aws sqs delete-message --queue-url "$(output DeadLetterQueueUrl)" --receipt-handle "$HANDLE"': `
${ONE_DEAD_LETTER}
HANDLE=$(aws sqs receive-message --queue-url "$(output DeadLetterQueueUrl)" --output text \\
  --visibility-timeout 60 --query 'Messages[0].ReceiptHandle')`,
  'grep -h \'"batchId":"my-batch\' .local/logs/*.log': MY_BATCH,
  'batch-handler show my-batch': MY_BATCH,
  'batch-handler cancel stuck-batch': `
batch-handler add requests.jsonl --id stuck-batch --not-before "$(date -ud '+1 hour' +%FT%TZ)"
until batch-handler show stuck-batch 2>/dev/null; do sleep 0.2; done`,
};
