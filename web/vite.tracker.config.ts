import { defineConfig } from "vite";

// The tracker is a single file, because the pages of other sites load it.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../build/web",
    emptyOutDir: false,
    target: "es2020",
    lib: {
      entry: "tracker/tracker.ts",
      formats: ["iife"],
      name: "_millrace",
      fileName: () => "tracker.js",
    },
  },
});
