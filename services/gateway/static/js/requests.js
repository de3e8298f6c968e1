// What is common to all requests of htmx: the bar while one runs, a message when it fails, focus after a refusal.
import { toast, words } from "./toast.js";

let running = 0;

export const count = (by) => {
  running = Math.max(0, running + by);
  if (running) document.documentElement.dataset.busy = "";
  else delete document.documentElement.dataset.busy;
};

const begun = new WeakSet();

document.addEventListener("htmx:before:request", (event) => {
  begun.add(event.detail.ctx);
  count(1);
});
document.addEventListener("htmx:finally:request", (event) => {
  if (begun.delete(event.detail.ctx)) count(-1);
});

// 422 is a form's own answer and is shown in it; everything else that fails is told.
document.addEventListener("htmx:response:error", (event) => {
  const { status } = event.detail.ctx.response;
  if (status === 403) toast(words("denied"), "bad");
  else if (status !== 422) toast(words("failed"), "bad");
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) toast(words("lost"), "bad");
});
export const focus = () => {
  const wanted = document.querySelector("[data-focus]");
  wanted?.removeAttribute("data-focus");
  wanted?.focus();
};
document.addEventListener("htmx:after:swap", focus);
focus();
