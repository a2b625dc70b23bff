import { googleClassifier } from '../google/errors.ts';

export const classify = googleClassifier('Vertex AI', {
  // The message "(or it may not exist)" does not count: a missing permission has it, too.
  when: ({ status }) => status === 404,
  // The bucket or dataset in the settings does not exist, so no batch can continue.
  upload: 'account',
  create: 'permanent',
  read: 'missing',
});
