/**
 * The console's addresses. Pages of the three areas come from the areas' own tables; here are only
 * those that belong to nobody in particular. Every page is a file of its own, loaded when opened.
 */
import { createBrowserRouter, Navigate, type RouteObject } from 'react-router';
import type { Area, AreaPage } from './areas.js';
import { Failure } from './pages/failure.js';
import { NotFound } from './pages/not-found.js';
import { allAreas } from './pages/all-areas.js';
import { Home } from './pages/session/home.js';
import { Doorstep } from './shell/doorstep.js';
import { RoleGate } from './shell/role-gate.js';
import { Shell } from './shell/shell.js';
import { Loading } from './ui/loading.js';

const lazy = (load: AreaPage['load']) => async () => ({ Component: (await load()).default });

const pageRoute = (area: Area, page: AreaPage): RouteObject => ({
  path: page.path === '' ? area.path : `${area.path}/${page.path}`,
  element: <RoleGate area={area} page={page} />,
  children: [{ index: true, lazy: lazy(page.load), errorElement: <Failure /> }],
});

const routes: RouteObject[] = [
  {
    element: <Doorstep />,
    errorElement: <Failure />,
    hydrateFallbackElement: <Loading />,
    children: [
      { path: '/sign-in', lazy: lazy(() => import('./pages/session/sign-in.js')) },
      { path: '/invitation', lazy: lazy(() => import('./pages/session/invitation.js')) },
    ],
  },
  {
    element: <Shell />,
    errorElement: <Failure />,
    hydrateFallbackElement: <Loading />,
    children: [
      { path: '/', element: <Home /> },
      { path: '/account', element: <Navigate to="/account/passkeys" replace /> },
      { path: '/account/passkeys', lazy: lazy(() => import('./pages/session/passkeys.js')) },
      ...allAreas.flatMap((area) => area.pages.map((page) => pageRoute(area, page))),
      { path: '*', element: <NotFound /> },
    ],
  },
];

export const makeRouter = () => createBrowserRouter(routes, { basename: '/console' });
