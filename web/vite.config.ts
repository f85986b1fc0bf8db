import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const HOST = process.env['CANVAS_MEMORY_URL'] ?? 'http://127.0.0.1:4680';

export default defineConfig({
  plugins: [react()],
  base: './',
  server: {
    host: '127.0.0.1',
    // The host answers requests of its own origin only.
    proxy: { '/api': { target: HOST, changeOrigin: true, headers: { origin: HOST } } },
  },
  build: {
    target: 'es2023',
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One file of 650 kB, 200 kB compressed, is what the page is.
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      // What libraries declare by these calls and the page does not use is left out.
      treeshake: { manualPureFunctions: ['memo', 'forwardRef', 'createContext', 'lazy'] },
      // The host embeds these files by name; its ETags tell versions apart.
      output: {
        entryFileNames: 'app.js',
        chunkFileNames: '[name].js',
        assetFileNames: 'app[extname]',
      },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
  },
});
