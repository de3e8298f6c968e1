// The bell: its list is asked for when a page opens and when a note changed, not while one looks at it.
const TOPICS = ["note", "mention", "reset"];
const AGAIN_MS = 4000;
const OLD_MS = 60000;

const news = () => document.querySelector("#news[data-bell]");

let asking = false;
let wanted = null; // what a read must wait for, "" for nothing; null: nothing is wanted
let asked = 0;

const mark = () => {
  const head = news()?.querySelector("[data-unread]");
  const bell = document.getElementById("bell");
  if (!head || !bell) return;
  const count = bell.querySelector(".bell-count");
  count.hidden = head.dataset.unread === "0";
  count.textContent = head.dataset.shown;
  bell.setAttribute("aria-label", head.dataset.label);
};

const ask = async (after) => {
  wanted = after;
  if (asking || document.hidden || news().matches(":popover-open")) return;
  asking = true;
  wanted = null;
  try {
    const query = after ? `?${new URLSearchParams({ after })}` : "";
    const answer = await fetch(news().dataset.bell + query, { headers: { "HX-Request": "true" } });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const html = await answer.text();
    if (news().matches(":popover-open") && news().querySelector("[data-unread]")) wanted = after;
    else {
      news().innerHTML = html;
      window.htmx?.process(news());
      asked = Date.now();
      mark();
    }
  } catch {
    wanted = after;
    const waits = news().querySelector(":scope > [role=status]");
    if (waits) waits.textContent = news().dataset.failed;
    setTimeout(again, AGAIN_MS);
  } finally {
    asking = false;
  }
};

const again = () => wanted !== null && !asking && ask(wanted);

document.addEventListener("live", ({ detail: { topic, after } }) => {
  if (news() && TOPICS.includes(topic)) ask(after ?? "");
});
document.addEventListener("htmx:after:swap", (event) => {
  if (news()?.contains(event.target) || event.target === news()) mark();
});
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target !== news() || event.newState !== "closed") return;
    if (wanted === null && Date.now() - asked > OLD_MS) wanted = ""; // "5 minutes ago" grows old
    again();
  },
  true,
);
document.addEventListener("visibilitychange", () => !document.hidden && news() && again());
if (news()) ask("");
