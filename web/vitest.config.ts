import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "tracker/**/*.test.ts"],
    env: { TZ: "Pacific/Chatham" }, // No result may depend on the time zone of the machine.
    restoreMocks: true,
    testTimeout: 30_000, // The machine may be busy with other tests.
  },
});
