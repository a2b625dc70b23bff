import type { Source } from './source.ts';

const SUBJECTS = [
  'The customer',
  'Our warehouse in Rotterdam',
  'Dr. Halvorsen',
  'A small team of volunteers',
  'The quarterly report',
  'My grandmother',
  'Every applicant',
  'The new scheduling policy',
  'An unexpected thunderstorm',
  'The committee',
  'Nobody on the train',
  'This particular enzyme',
  'The defendant',
  'Half of the respondents',
  'The orchestra',
  'A retired schoolteacher',
];
const VERBS = [
  'asked for a full refund of',
  'has been waiting three weeks for',
  'carefully documented',
  'could not explain',
  'finally agreed to review',
  'was surprised by',
  'accidentally deleted',
  'strongly disagreed with',
  'spent the whole afternoon repairing',
  'never received',
  'compared the cost of',
  'wrote a long letter about',
  'inherited',
  'underestimated',
];
const OBJECTS = [
  'the damaged delivery',
  'a 19th-century manuscript',
  'the proposed changes to the contract',
  'the relationship between sleep and memory',
  'an apartment overlooking the harbour',
  'the results of last year’s survey',
  'two bottles of olive oil',
  'the encryption keys',
  'a rare species of orchid',
  'their monthly subscription',
  'the bridge’s load limits',
  'the missing luggage',
  'an ambitious plan to plant 40,000 trees',
  'the interest payments',
];
const ENDINGS = [
  'because the invoice (no. 20431) listed the wrong address',
  'before the end of March',
  'even though nobody had mentioned it',
  'at a total cost of $1,284.50',
  'without any explanation',
  'while the rest of the office was at lunch',
  'which turned out to be a mistake',
  'and promised to call back on Tuesday',
  'despite several warnings',
  'for the second time',
];
const ASIDES = [
  'To be honest, I expected something different.',
  'Please answer in two or three sentences.',
  'Is there anything else we should know?',
  'That said, the deadline can’t be moved.',
  'Summarise the passage above for a general audience.',
  'It’s hard to say why!',
  'Classify the sentiment as positive, negative or neutral.',
  'See Appendix B, p. 112.',
];

/** Prose as in letters, reports and questions. */
export const english: Source = ({ pick, chance }, characters) => {
  let text = '';
  while (text.length < characters) {
    text += `${pick(SUBJECTS)} ${pick(VERBS)} ${pick(OBJECTS)} ${pick(ENDINGS)}. `;
    if (chance(0.3)) text += `${pick(ASIDES)} `;
    if (chance(0.1)) text += '\n\n';
  }
  return text;
};
