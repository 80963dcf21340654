// Keeps the page's own files, so that it opens without a network. As long as the server answers, its files count.

const KEPT = `synthetyk ${self.registration.scope}`;
const LIST = new URL("page.json", self.registration.scope).href;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepAll());
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(self.registration.scope)) event.respondWith(answer(event.request));
});

async function keepAll() {
  const cache = await caches.open(KEPT);
  const { files } = await (await fetch(LIST)).json();
  await cache.addAll(["./", "page.json", ...files].map((file) => new URL(file, self.registration.scope).href));
}

async function answer(request) {
  const cache = await caches.open(KEPT);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected) await keep(cache, request, fresh.clone()); // redirected: to sign in
    return fresh;
  } catch (error) {
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept) return kept;
    throw error;
  }
}

/** Keep an answer; with a new list of files, drop those of models that the page no longer offers. */
async function keep(cache, request, fresh) {
  const files = request.url === LIST ? (await fresh.clone().json()).files : null;
  await cache.put(request, fresh);
  if (!files) return;
  const wanted = new Set(["./", "page.json", ...files].map((file) => new URL(file, self.registration.scope).href));
  const gone = (await cache.keys()).filter((request) => !wanted.has(request.url.split(/[?#]/)[0]));
  await Promise.all(gone.map((request) => cache.delete(request)));
}
