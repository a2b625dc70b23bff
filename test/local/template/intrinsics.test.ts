import { expect, test } from 'vitest';
import { resolve, type Scope } from '../../../local/template/intrinsics.ts';

const scope: Scope = {
  reference: (name) => `ref-${name}`,
  attribute: (logicalId, name) => `${logicalId}/${name}`,
  condition: (name) => name === 'Yes',
  imported: (name) => `import-${name}`,
  output: (stack, name) => `output-${stack}-${name}`,
};

test.each([
  [{ Ref: 'Queue' }, 'ref-Queue'],
  [{ 'Fn::GetAtt': ['Queue', 'Arn'] }, 'Queue/Arn'],
  [{ 'Fn::GetAtt': 'Queue.Arn' }, 'Queue/Arn'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref-B-3'],
  [{ 'Fn::Sub': `\${A}:\${B.Arn}:\${!Kept}` }, `ref-A:B/Arn:\${Kept}`],
  [{ 'Fn::Sub': [`\${A}/\${Own}`, { Own: { Ref: 'X' } }] }, 'ref-A/ref-X'],
  [{ 'Fn::Select': [1, ['a', { Ref: 'B' }]] }, 'ref-B'],
  [{ 'Fn::Select': ['0', { 'Fn::Split': ['-', { Ref: 'a' }] }] }, 'ref'],
  [{ 'Fn::ImportValue': { 'Fn::Sub': `\${A}:Arn` } }, 'import-ref-A:Arn'],
  [{ 'Fn::GetStackOutput': { StackName: 'Other', OutputName: 'Arn' } }, 'output-Other-Arn'],
  [{ 'Fn::If': ['Yes', 'a', 'b'] }, 'a'],
  [{ 'Fn::If': ['No', 'a', { Ref: 'B' }] }, 'ref-B'],
  [{ kept: 1, left: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
  [['a', { 'Fn::If': ['Yes', { Ref: 'AWS::NoValue' }, 'b'] }], ['a']],
  [
    { deep: [{ er: { Ref: 'A' } }], none: null, yes: true },
    { deep: [{ er: 'ref-A' }], none: null, yes: true },
  ],
])('%j stands for %j', (value, expected) => {
  expect(resolve(value, scope)).toEqual(expected);
});

test.each([
  [{ 'Fn::Cidr': 'other' }, 'the function Fn::Cidr is not supported locally'],
  [{ 'Fn::Select': [2, ['a']] }, 'Fn::Select takes item 2 of a list of 1'],
  [
    { 'Fn::Join': ['-', [{ an: 'object' }]] },
    'expected a text as a part of Fn::Join, got {"an":"object"}',
  ],
])('%j is an error that says why', (value, message) => {
  expect(() => resolve(value, scope)).toThrow(message);
});
