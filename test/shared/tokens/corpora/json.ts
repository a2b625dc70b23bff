import type { Source } from './source.ts';

const CITIES = ['Lagos', 'São Paulo', 'Kraków', 'Osaka', 'Reykjavík', 'Pune', 'Boston', 'Quito'];
const STATES = ['shipped', 'pending', 'cancelled', 'returned', 'in_transit'];

/** Records as JSON in the prompt, to be read or rewritten. */
export const json: Source = ({ pick, chance, integer, hex }, characters) => {
  const records: unknown[] = [];
  let length = 0;
  while (length < characters) {
    const record = {
      id: hex(16),
      createdAt: `2026-0${1 + integer(9)}-${10 + integer(18)}T0${integer(10)}:${10 + integer(49)}:00Z`,
      amount: integer(100_000) / 100,
      city: pick(CITIES),
      status: pick(STATES),
      tags: [pick(STATES), pick(CITIES)],
      position: { lat: integer(180_000) / 1000 - 90, lon: integer(360_000) / 1000 - 180 },
      note: chance(0.5) ? null : 'left with neighbour',
    };
    records.push(record);
    length += JSON.stringify(record).length;
  }
  return `Extract the totals from: ${JSON.stringify(records)}`;
};
