import { defineConfig } from "vitest/config";

const project = (name: string, include: string[], testTimeout = 15_000) => ({
  test: { name, include, testTimeout, hookTimeout: 30_000, environment: "node", pool: "forks" as const },
});

export default defineConfig({
  test: {
    projects: [
      project("tidy", ["test/tidy.test.ts"], 30_000),
      project("unit", ["src/**/*.test.ts"]),
      project("integration", ["test/integration/**/*.test.ts"], 60_000),
      project("conformance", ["test/conformance/**/*.test.ts"], 120_000),
    ],
  },
});
