// What others change shows by itself. A region (data-live: topics, data-live-of: of which client only) has items
// (data-live-item). After a change the page is fetched again through its own address, so that rights hold once. An item
// that reads otherwise is replaced where it stands; if any came, left or moved, nothing moves: a bar says so.
import { follow } from "./live-source.js";
import { counted } from "./plural.js";

const GATHER_MS = 250;
const WAIT_MS = 1000;
const STALE_MS = 2000;
const TINT_MS = 2400;

let after = "";
let timer = 0;
let fetching = false;
let wanted = false;

const regions = () => [...document.querySelectorAll("[data-live]")];

const concerns = (region, { topic, ids }) =>
  topic === "reset" ||
  (region.dataset.live.split(" ").includes(topic) && (!region.dataset.liveOf || ids.includes(region.dataset.liveOf)));

const changed = (change) => {
  document.dispatchEvent(new CustomEvent("live", { detail: change }));
  if (!regions().some((region) => concerns(region, change))) return;
  after = change.after ?? "";
  later(GATHER_MS);
};

const later = (milliseconds) => {
  wanted = true;
  clearTimeout(timer);
  timer = setTimeout(look, milliseconds);
};

// While one writes, selects, or has something open in a region, or something is being sent, it stays as it is.
const busy = () => {
  if ("busy" in document.documentElement.dataset) return true;
  const selected = document.getSelection();
  return regions().some(
    (region) =>
      (region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) ||
      region.querySelector("[popover]:popover-open, dialog[open], [data-dragged], [data-in-place-form], input:checked") ||
      (selected && !selected.isCollapsed && region.contains(selected.anchorNode)),
  );
};

const look = async () => {
  if (!wanted || fetching) return;
  if (document.hidden) return; // it looks when it is seen again
  if (busy()) {
    later(WAIT_MS);
    return;
  }
  wanted = false;
  fetching = true;
  let wait = GATHER_MS;
  const again = (milliseconds) => {
    wanted = true;
    wait = milliseconds;
  };
  try {
    const address = new URL(location.href);
    if (after) address.searchParams.set("after", after);
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    if (answer.status >= 500) again(STALE_MS); // the server is starting, or a store is away
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (busy()) {
      again(WAIT_MS);
      return;
    }
    for (const region of regions()) renew(region, fresh.getElementById(region.id));
    if (fresh.querySelector("[data-stale]")) again(STALE_MS);
  } catch {
    again(STALE_MS); // the connection is lost: what was missed is still missed
  } finally {
    fetching = false;
    if (wanted) later(wait);
  }
};

const items = (region) => new Map([...region.querySelectorAll("[data-live-item]")].map((e) => [e.dataset.liveItem, e]));

const differs = (one, other) => read(one) !== read(other);

// What a person reads: keys of forms are new in each answer, htmx marks what it has seen, and what opens beside is
// fetched when it is asked for.
const read = (item) => {
  const copy = item.cloneNode(true);
  copy.classList.remove("is-changed");
  for (const each of [copy, ...copy.querySelectorAll("*")]) each.removeAttribute("data-htmx-powered");
  for (const hidden of copy.querySelectorAll("input[type=hidden], [popover], [data-passing]")) hidden.remove();
  return copy.outerHTML.replace(/\s*([<>])\s*/g, "$1");
};

const renew = (region, fresh) => {
  if (!fresh) {
    tell(region, 1);
    return;
  }
  const here = items(region);
  const there = items(fresh);
  const came = [...here.keys(), ...there.keys()].filter((key) => here.has(key) !== there.has(key));
  const order = [...there.keys()].filter((key) => here.has(key));
  const moved = [...here.keys()].filter((key) => there.has(key)).filter((key, n) => order[n] !== key);
  if (came.length + moved.length) tell(region, came.length + moved.length);
  else region.querySelector(":scope > .live-bar")?.replaceChildren();
  for (const key of order) calm(here.get(key), there.get(key));
  for (const key of order) if (differs(here.get(key), there.get(key))) replace(here.get(key), there.get(key));
};

// What is new in every answer (data-live-quiet: "as of") is no change.
const calm = (item, fresh) => {
  const those = fresh.querySelectorAll("[data-live-quiet]");
  item.querySelectorAll("[data-live-quiet]").forEach((one, n) => (one.textContent = those[n]?.textContent ?? ""));
};

const replace = (item, fresh) => {
  const renewed = document.adoptNode(fresh);
  const controls = (of) => [...of.querySelectorAll("a, button:not([data-passing]), [tabindex]:not(button)")];
  const focused = controls(item).indexOf(document.activeElement);
  item.replaceWith(renewed);
  if (focused >= 0) controls(renewed)[focused]?.focus({ preventScroll: true });
  renewed.classList.add("is-changed");
  setTimeout(() => renewed.classList.remove("is-changed"), TINT_MS);
  window.htmx?.process(renewed);
};

// "3 changes · Show": the words in all plural forms come from the server.
const tell = (region, count) => {
  const bar = region.querySelector(":scope > .live-bar");
  if (!bar) return;
  const shown = document.getElementById("live-words").content.firstElementChild.cloneNode(true);
  shown.querySelector("[data-count]").textContent = counted(shown.dataset, count);
  const link = shown.querySelector("a");
  link.href = location.pathname + location.search;
  bar.replaceChildren(shown);
};

const begin = () => {
  if (!regions().length && !document.querySelector("[data-bell]")) return;
  if (typeof SharedWorker === "undefined") {
    const source = follow(changed);
    const seen = () => (document.hidden ? source.close() : source.open());
    document.addEventListener("visibilitychange", seen);
    seen();
    return;
  }
  const worker = new SharedWorker(new URL("./live-source.js", import.meta.url), { type: "module", name: "live" });
  worker.port.addEventListener("message", ({ data }) => changed(data));
  worker.port.start();
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", (event) => event.persisted && location.reload());
};

document.addEventListener("visibilitychange", () => !document.hidden && wanted && later(0));
begin();
