import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { HandlerInfo } from '../shared/console/handlerRoutes.ts';
import { answerOf, api, isOfThisServer } from './api.ts';
import { Boundary } from './components/boundary.tsx';
import { Note } from './components/note.tsx';
import { HandlerContext } from './handler.ts';
import { useLive } from './live.ts';
import { KEYS } from './queries.ts';
import type { Live } from './stream.ts';

const SCREENS = [
  { path: '/', name: 'Today', screen: lazy(() => import('./screens/today.tsx')) },
  { path: '/batches', name: 'Batches', screen: lazy(() => import('./screens/batches.tsx')) },
  { path: '/add', name: 'Add', screen: lazy(() => import('./screens/add.tsx')) },
  { path: '/money', name: 'Money', screen: lazy(() => import('./screens/money.tsx')) },
  {
    path: '/turnaround',
    name: 'Turnaround',
    screen: lazy(() => import('./screens/turnaround.tsx')),
  },
  { path: '/letters', name: 'Dead letters', screen: lazy(() => import('./screens/letters.tsx')) },
  { path: '/providers', name: 'Providers', screen: lazy(() => import('./screens/providers.tsx')) },
  { path: '/tenants', name: 'Tenants', screen: lazy(() => import('./screens/tenants.tsx')) },
] as const;

const Batch = lazy(() => import('./screens/batch.tsx'));

/** The page: where it is, what there is, and one of the screens. */
export function App() {
  const live = useLive();
  const [location] = useLocation();
  const { data: handler, error } = useQuery({
    queryKey: KEYS.handler,
    queryFn: readHandler,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <strong>Batch Handler</strong>
        <span className="handler" title={handler?.name}>
          {handler?.name}
        </span>
        {handler?.isReadOnly && <span className="badge">read-only</span>}
        <Navigation />
      </header>
      <LiveNote {...live} />
      <main id="main" tabIndex={-1}>
        {handler ? (
          <HandlerContext value={handler}>
            <Boundary location={location}>
              <Suspense fallback={<p className="dim">Loading…</p>}>
                <Screens />
              </Suspense>
            </Boundary>
          </HandlerContext>
        ) : (
          error && <Note kind="problem">{error.message}</Note>
        )}
      </main>
    </>
  );
}

/** A page of another server would send its commands to this one, which may be of another handler. */
async function readHandler(): Promise<HandlerInfo> {
  const handler = await answerOf(api.handler.$get());
  if (!isOfThisServer(handler.server)) window.location.reload();
  return handler;
}

function Navigation() {
  const [location] = useLocation();
  const isAt = (path: string): boolean =>
    path === '/' ? location === '/' : location.startsWith(path);
  return (
    <nav aria-label="Screens">
      {SCREENS.map(({ path, name }) => (
        <Link key={path} href={path} aria-current={isAt(path) ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}

function Screens(): ReactNode {
  return (
    <Switch>
      {SCREENS.map(({ path, screen }) => (
        <Route key={path} path={path} component={screen} />
      ))}
      <Route path="/batches/:id">{({ id }) => <Batch batchId={decoded(id)} />}</Route>
      <Route>
        <Note kind="problem">
          There is no such page. <Link href="/">Go to Today</Link>
        </Note>
      </Route>
    </Switch>
  );
}

/** Whoever types an address may write a `%` that stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function LiveNote({ state, problem }: Live) {
  return (
    <div role="status" aria-live="polite">
      {state === 'lost' && (
        <Note kind="problem">
          The server of this page does not answer: what is shown may be old. If it was stopped,
          start it again, and open the address that it prints.
        </Note>
      )}
      {state === 'live' && problem !== undefined && (
        <Note kind="problem">
          What is shown may be old, because it cannot be read again: {problem}
        </Note>
      )}
    </div>
  );
}
