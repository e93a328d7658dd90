/** Where the console begins: the providers that every page leans on, then the router. */
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import { makeQueryClient } from './api/query-client.js';
import { makeRouter } from './routes.js';
import { SessionProvider } from './session/session-context.js';
import { Toasts } from './ui/toast.js';
import './ui/styles.css';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={makeQueryClient()}>
        <SessionProvider>
          <RouterProvider router={makeRouter()} />
          <Toasts />
        </SessionProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
