/** Origins of the services that a job needs. */
export interface Hosts {
  readonly aiplatform: string;
  readonly storage: string;
  readonly bigquery: string;
}

/** Locations of several regions, which have hosts of their own, as Google's SDK knows them. */
const MULTI_REGIONS: ReadonlySet<string> = new Set(['us', 'eu']);

/**
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations: each location has a
 * host of its own, the global one has none in front.
 *
 * @param baseUrl takes the place of all of them
 */
export function hostsOf(location: string, baseUrl: string | undefined): Hosts {
  if (baseUrl !== undefined) {
    const host = baseUrl.replace(/\/+$/, '');
    return { aiplatform: host, storage: host, bigquery: host };
  }
  return {
    aiplatform: `https://${aiplatformHost(location)}`,
    storage: 'https://storage.googleapis.com',
    bigquery: 'https://bigquery.googleapis.com',
  };
}

function aiplatformHost(location: string): string {
  if (location === 'global') return 'aiplatform.googleapis.com';
  if (MULTI_REGIONS.has(location)) return `aiplatform.${location}.rep.googleapis.com`;
  return `${location}-aiplatform.googleapis.com`;
}
