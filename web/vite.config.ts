import { defineConfig } from "vite";

// `npm run dev` serves the pages of this folder, with the figures of a `millrace run` on the same
// machine.
export default defineConfig({
  build: {
    outDir: "../build/web",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 800,
    rollupOptions: { input: ["index.html", "shop/index.html"] },
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8090" } },
});
