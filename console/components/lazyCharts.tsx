import { lazy } from 'react';

const load = () => import('./charts.tsx');

/** The charts in a file of their own, which is loaded when the first of them is shown. */
export const Bars = lazy(async () => ({ default: (await load()).Bars }));
export const Dots = lazy(async () => ({ default: (await load()).Dots }));
