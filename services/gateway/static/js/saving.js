// A form with a draft is sent by script: when the connection is lost one stays on it, with all that was typed, and sends
// it again with the same key by one click. The server answers as it does without scripts.
import { forget, goOn, keep } from "./drafts.js";
import { count, focus } from "./requests.js";
import { toast, words } from "./toast.js";

const LONGEST_MS = 60000;
const DOOR = "/sign-in";

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

const send = async (form, submitter) => {
  const body = new URLSearchParams(submitter?.name ? new FormData(form, submitter) : new FormData(form));
  const signal = AbortSignal.timeout(LONGEST_MS);
  const answer = await fetch(form.action, { method: "POST", body, signal, headers: { accept: "text/html" } });
  return { answer, text: answer.redirected ? "" : await answer.text() };
};

// Whoever signed in again elsewhere has another seal; the same employee's form is sealed anew.
const sealed = async (form) => {
  const page = parsed(await (await fetch(location.href, { headers: { accept: "text/html" } })).text());
  const who = (of) => of.querySelector("meta[name=voronka-me]")?.content;
  const seal = page.querySelector("input[name=csrf]")?.value;
  if (!seal || who(page) !== who(document) || seal === form.elements.csrf.value) return false;
  form.elements.csrf.value = seal;
  return true;
};

const lost = (form, submitter) => {
  const notice = document.getElementById("draft-lost").content.firstElementChild.cloneNode(true);
  const again = notice.querySelector("button");
  if (submitter?.name) Object.assign(again, { name: submitter.name, value: submitter.value });
  (form.querySelector(".form-acts") ?? form.lastElementChild).before(notice);
  again.focus();
};

// The form again, with what is wrong; false for an answer that is no page.
const refused = (form, text) => {
  const page = parsed(text);
  const main = page.getElementById("main");
  if (!main) return false;
  document.getElementById("main").replaceWith(document.adoptNode(main));
  document.title = page.title;
  goOn(form, main.querySelector("form[data-draft]"));
  window.htmx?.process(main);
  focus();
  return true;
};

const gone = (form, address) => {
  if (new URL(address).pathname === DOOR) {
    keep(form);
    location.assign(`${DOOR}?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  forget(form);
  location.assign(address);
};

const save = async (form, submitter) => {
  form.querySelector(".draft-lost")?.remove();
  count(1);
  try {
    let { answer, text } = await send(form, submitter);
    if (answer.status === 403 && (await sealed(form))) ({ answer, text } = await send(form, submitter));
    if (answer.redirected) return gone(form, answer.url);
    if (answer.status === 422 && refused(form, text)) return;
    toast(words(answer.status === 403 ? "denied" : "failed"), "bad");
  } catch {
    lost(form, submitter);
  } finally {
    count(-1);
  }
  delete form.dataset.sent;
};

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("form[data-draft]")) return;
  event.preventDefault();
  save(event.target, event.submitter);
});
