import { classifierOf } from '../google/classify.ts';

/** What a failed call means. */
export const classify = classifierOf('Vertex AI', {
  // "(or it may not exist)" does not count: a role without the permission is told so, too.
  when: ({ status }) => status === 404,
  // The bucket or the dataset that the settings name is not there: no batch can get on.
  upload: 'account',
  create: 'permanent',
  read: 'missing',
});
