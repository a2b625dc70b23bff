/**
 * Loads the handler of a module in the current directory and invokes it once, as Lambda's runtime does at a
 * cold start. JavaScript, so that nothing but the handler takes time to load.
 */
const [, , module, event = '{}'] = process.argv;
const { handler } = await import(`${process.cwd()}/${module}`);
const context = {
  functionName: 'bench',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:bench',
  memoryLimitInMB: '512',
  awsRequestId: '00000000-0000-4000-8000-000000000000',
  getRemainingTimeInMillis: () => 60_000,
};
await handler(JSON.parse(event), context);
const { user, system } = process.cpuUsage();
process.send?.({ cpuMilliseconds: (user + system) / 1000 }, () => process.exit(0));
