// The page's behaviour. Text of tasks and answers is only ever set as text, never as markup.
"use strict";

const at = (id) => document.getElementById(id);
let editing = null;

function tell(words) { at("message").textContent = words; }

/** Asks the API; an answer that is an error is thrown with the server's words. */
async function api(method, path, body) {
  let response;
  try {
    response = await fetch(`/api/${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The server cannot be reached just now. Try again in a moment.");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401 && !path.startsWith("auth/")) enter(null);
  throw Object.assign(new Error(answer?.error ?? `The server answered ${response.status}.`), { status: response.status });
}

/** Runs what a person started: its button rests meanwhile, and what goes wrong is said. */
async function during(button, work) {
  if (button) button.disabled = true;
  tell("");
  try { await work(); } catch (error) { tell(error.message); } finally { if (button) button.disabled = false; }
}

function enter(account) {
  at("entrance").hidden = account !== null;
  at("inside").hidden = at("person").hidden = account === null;
  at("email").textContent = account?.email ?? "";
  at("tasks").replaceChildren();
  at("talk").replaceChildren();
  (account ? at("title") : at("sign-email")).focus();
}

function element(name, words, properties = {}) {
  return Object.assign(document.createElement(name), { textContent: words }, properties);
}

function row(task) {
  const item = element("li", "", { className: task.done ? "done" : "" });
  item.dataset.id = task.id;
  const box = element("input", "", { type: "checkbox", checked: task.done });
  box.setAttribute("aria-label", `Done: ${task.title}`);
  box.addEventListener("change", () => during(box, () => change(task, { done: box.checked })));
  const words = element("div", "", { className: "words" });
  words.append(element("span", task.title, { className: "title" }));
  const facts = [`${task.priority} priority`, task.due && `due ${task.due}`, task.notes].filter(Boolean).join(" · ");
  words.append(element("small", facts));
  const edit = element("button", "Change", { type: "button" });
  edit.setAttribute("aria-label", `Change: ${task.title}`);
  edit.addEventListener("click", () => open(task));
  const remove = element("button", "Delete", { type: "button" });
  remove.setAttribute("aria-label", `Delete: ${task.title}`);
  remove.addEventListener("click", () => during(remove, async () => {
    await api("DELETE", `tasks/${task.id}`);
    await list();
    tell(`Deleted “${task.title}”.`);
  }));
  item.append(box, words, edit, remove);
  return item;
}

let asked = 0;
async function list() {
  const own = ++asked;
  const wanted = new URLSearchParams([...new FormData(at("filter"))].filter(([, value]) => value.trim() !== ""));
  const tasks = await api("GET", `tasks?${wanted}`);
  if (own !== asked) return; // a later question was asked meanwhile
  at("tasks").replaceChildren(...tasks.map(row));
  at("empty").hidden = tasks.length > 0;
}

async function change(task, what) {
  try { await api("PATCH", `tasks/${task.id}`, what); } finally { await list(); }
}

function fields(form) {
  const values = Object.fromEntries(new FormData(form));
  return { ...values, due: values.due || null };
}

function open(task) {
  editing = task;
  for (const name of ["title", "priority", "due", "notes"]) at("edit").elements[name].value = task[name] ?? "";
  at("editor").showModal();
}

function on(id, event, work) {
  at(id).addEventListener(event, (happened) => {
    happened.preventDefault();
    during(happened.submitter, () => work(happened));
  });
}

on("credentials", "submit", async (happened) => {
  const { email, password } = Object.fromEntries(new FormData(at("credentials")));
  const account = await api("POST", `auth/${happened.submitter?.value ?? "login"}`, { email, password });
  at("credentials").reset();
  enter(account);
  await list();
});
on("logout", "click", async () => { await api("POST", "auth/logout"); enter(null); });
on("new", "submit", async () => {
  await api("POST", "tasks", fields(at("new")));
  at("new").reset();
  await list();
  at("title").focus();
});
on("filter", "input", list);
on("filter", "submit", list);
on("edit", "submit", async () => { await change(editing, fields(at("edit"))); at("editor").close(); });
on("cancel", "click", async () => at("editor").close());
on("chat", "submit", async () => {
  const message = at("say").value;
  at("talk").append(element("li", `You: ${message}`));
  const answer = await api("POST", "chat", { message }).finally(list);
  at("say").value = "";
  at("talk").append(element("li", `Assistant: ${[answer.reply, ...answer.actions].join("\n")}`));
});

during(null, async () => {
  try {
    enter(await api("GET", "auth/me"));
    await list();
  } catch (error) {
    enter(null);
    if (error.status !== 401) throw error;
  }
});
