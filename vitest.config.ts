import { defineConfig } from "vitest/config";

// Test files share a process: loading the sources anew for each took longer than the tests. Processes, because a thread that
// is ended in the middle of a write takes SQLite, and with it everything, down.
const project = (name: string, include: string[], testTimeout = 15_000, globalSetup: string[] = []) => ({
  test: {
    name,
    include,
    testTimeout,
    globalSetup,
    hookTimeout: Math.max(30_000, testTimeout),
    environment: "node",
    pool: "forks" as const,
    isolate: false,
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2, // much of a test's time is waiting for processes and disks
    projects: [
      project("tidy", ["test/tidy.test.ts"], 30_000),
      project("unit", ["src/**/*.test.ts"]),
      project("integration", ["test/integration/**/*.test.ts"], 60_000),
      project("privileged", ["test/privileged/**/*.test.ts"], 120_000, ["test/privileged/sweep.ts"]),
      project("conformance", ["test/conformance/**/*.test.ts"], 120_000),
    ],
  },
});
