// One stream of changes for all windows of a browser: over HTTP/1.1 it has six connections for one site, no more.
// Runs as a shared worker, or within a page where there are none; `tell` is given {topic, ids, after}.
const TOPICS = ["client", "contact", "note", "mention", "deal", "order", "payment", "reset"];
const AGAIN_MS = 5000;
const LONGEST_MS = 60000;
const RECENT_MS = 10000;

export const follow = (tell) => {
  let source = null;
  let last = "";
  let again = 0;
  let wait = AGAIN_MS;

  const heard = (event) => {
    if (event.lastEventId) last = event.lastEventId;
    tell({ topic: event.type, ...JSON.parse(event.data) });
  };

  // The browser comes again by itself when a connection breaks, but not after it was refused (503, or signed out).
  const failed = () => {
    if (source?.readyState !== EventSource.CLOSED || again) return;
    again = setTimeout(open, wait);
    wait = Math.min(2 * wait, LONGEST_MS);
  };

  const open = () => {
    clearTimeout(again);
    again = 0;
    source?.close();
    source = new EventSource(last ? `/live?since=${last}` : "/live");
    for (const topic of TOPICS) source.addEventListener(topic, heard);
    source.addEventListener("error", failed);
    source.addEventListener("open", () => (wait = AGAIN_MS));
  };

  const close = () => {
    clearTimeout(again);
    again = 0;
    source?.close();
    source = null;
  };

  return { open, close, opened: () => source !== null && source.readyState !== EventSource.CLOSED };
};

if (typeof SharedWorkerGlobalScope !== "undefined" && self instanceof SharedWorkerGlobalScope) {
  const ports = new Set();
  let recent = [];
  const source = follow((change) => {
    recent = [...recent.filter((each) => each.at > Date.now() - RECENT_MS), { at: Date.now(), change }];
    for (const port of ports) port.postMessage(change);
  });
  self.addEventListener("connect", ({ ports: [port] }) => {
    ports.add(port);
    port.addEventListener("message", ({ data }) => {
      if (data !== "bye") return;
      ports.delete(port);
      if (!ports.size) source.close();
    });
    port.start();
    for (const { at, change } of recent) if (at > Date.now() - RECENT_MS) port.postMessage(change);
    if (!source.opened()) source.open();
  });
}
