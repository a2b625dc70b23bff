/** Names the server that a page has its content of. */
export const SERVER_HEADER = 'batch-handler-server';
