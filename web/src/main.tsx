import './theme/tokens.css';
import './theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { startOnce } from './start';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App start={startOnce} />
    </StrictMode>,
  );
}
