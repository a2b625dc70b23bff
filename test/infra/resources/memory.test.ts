import { expect, it } from 'vitest';
import { resourceOf, templateWith } from '../../support/handlerStack.ts';

it('the young generation of the worker is limited, since streams would fill whatever V8 gives it', () => {
  const worker = resourceOf(templateWith({}), 'AWS::Lambda::Function', 'BatchesWorker');
  const { NODE_OPTIONS: options } = worker.Properties.Environment.Variables;
  expect(options).toMatch(/(^| )--max-semi-space-size=4( |$)/);
});
