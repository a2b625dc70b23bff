import type { Provider } from '../../shared/providers/provider.ts';
import type { SimulatedPorts } from './ports.ts';

/** Ports that reach out of the process. What is in none of the two lists fails the test. */
const IO_PORTS = [
  'batches',
  'providerStates',
  'tenants',
  'sweepLock',
  'uploads',
  'items',
  'queues',
  'objects',
  'processor',
  'bus',
] as const satisfies readonly (keyof SimulatedPorts)[];

/** Ports without a point, and why. */
const PORTS_WITHOUT_POINTS: Readonly<Partial<Record<keyof SimulatedPorts, string>>> = {
  policy: 'it is a value',
  tableName: 'it is a value',
  wait: 'it is the clock',
  clock: 'it is read from the machine',
  chance: 'it is read from the machine',
  tokens: 'they are counted in memory',
  scratch: 'the local disk is gone with its process',
  log: 'nothing depends on it',
  metrics: 'nothing depends on it',
};

/** Notes which methods there are in the ports of a run, and which of them are called. */
export class PortWatch {
  readonly known = new Set<string>();
  readonly called = new Set<string>();
  /** Ports that are neither watched nor excused. */
  readonly unknown = new Set<string>();

  /** The same ports, watched. */
  watched(ports: SimulatedPorts): SimulatedPorts {
    const { providers, collector } = ports;
    const others = Object.keys(ports) as (keyof SimulatedPorts)[];
    for (const name of others)
      if (!(IO_PORTS as readonly string[]).includes(name) && !(name in PORTS_WITHOUT_POINTS))
        this.unknown.add(name);
    this.unknown.delete('providers');
    this.unknown.delete('collector');
    return {
      ...ports,
      ...Object.fromEntries(IO_PORTS.map((name) => [name, this.#port(name, ports[name])])),
      providers: {
        ...providers,
        get: async (name) => this.#port<Provider>('provider', await providers.get(name)),
      },
      collector: collector && {
        ...collector,
        lanes: this.#port('lanes', collector.lanes),
        requests: this.#port('requests', collector.requests),
        queue: this.#port('collectorQueue', collector.queue),
      },
    };
  }

  #port<T extends object>(name: string, port: T): T {
    const methods = Object.entries(port).filter(([, method]) => typeof method === 'function');
    for (const [method] of methods) this.known.add(`${name}.${method}`);
    const watched = methods.map(([method, call]) => [
      method,
      (...parameters: unknown[]) => {
        this.called.add(`${name}.${method}`);
        return call.apply(port, parameters);
      },
    ]);
    return { ...port, ...Object.fromEntries(watched) };
  }
}
