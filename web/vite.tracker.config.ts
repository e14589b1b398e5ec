import { defineConfig } from "vite";

// The tracker is a file of its own, which other sites' pages load.
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
