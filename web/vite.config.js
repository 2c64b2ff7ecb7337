import { defineConfig } from "vite";

const SERVER = process.env.OTEL_EVENTS_PAGE_SERVER ?? "http://127.0.0.1:5001";

export default defineConfig({
  build: {
    outDir: "../otel_events/server/page",
    emptyOutDir: true,
    target: ["chrome123", "firefox121", "safari17.5"],
    assetsInlineLimit: 0, // the page's policy allows no data: scripts or styles
    modulePreload: false,
    rolldownOptions: {
      output: { entryFileNames: "assets/[name]-[hash].js", chunkFileNames: "assets/[name]-[hash].js" },
    },
  },
  server: {
    proxy: {
      "/api": SERVER,
      "/stream": { target: SERVER, ws: true },
    },
  },
});
