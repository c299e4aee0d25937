import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Each test starts real engines and processes; two at a time is what a small machine carries.
    maxWorkers: 2,
    pool: 'forks',
    // onnxruntime-node reports its use otherwise.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Something is waited for until it holds, and not for how long that takes.
    expect: { poll: { timeout: 20_000 } },
    reporters: process.env['CI'] ? ['default', ['json', { outputFile: 'dist/test-results.json' }]] : ['default'],
  },
});
