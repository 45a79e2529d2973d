/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

import { brandMarks } from './scripts/brand-marks';
import { frozenPrototypes } from './scripts/frozen-prototypes';

export default defineConfig({
  plugins: [react(), brandMarks('../descriptors'), frozenPrototypes()],
  build: {
    // WebKitGTK 2.40 and later; Chromium and WebView2 are newer.
    target: 'es2022',
    // A data: URL would need `data:` in the policy for fonts and scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { port: 5173, strictPort: true },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./vitest.setup.ts'],
    testTimeout: 20_000,
  },
});
