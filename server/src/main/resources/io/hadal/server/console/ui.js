/* Parts that pages share: cards, messages, dialogs, forms. */

import { h, icon, id, put, set } from "./dom.js";
import { language, named, t } from "./i18n.js";

/** The head of a page: its name, a sentence, and what can be done. */
export function head(title, text, ...actions) {
  return h(
    "div",
    { class: "head" },
    h("div", h("h1", { tabindex: "-1" }, title), h("p", text)),
    h("div", { class: "row" }, actions)
  );
}

export function card(title, { note, actions, flush, level = "h2" } = {}, ...body) {
  return h(
    "section",
    { class: "card" },
    title && h("header", h(level, title), actions && h("div", { class: "row" }, actions), note && h("p", note)),
    h("div", { class: flush ? "flush" : "body" }, body)
  );
}

/** A button; `label` names one without text, `about` says what one of many belongs to. */
export function button(text, { symbol, first, danger, small, plain, link, type = "button", label, about, ...rest } = {}) {
  const kinds = { first, danger, small, plain, link, square: !text };
  return h(
    "button",
    {
      type,
      class: Object.keys(kinds).filter((k) => kinds[k]).join(" ") || null,
      "aria-label": about ? `${text}: ${about}` : label,
      title: text ? null : label,
      ...rest,
    },
    symbol && icon(symbol),
    text
  );
}

export function badge(text, tone = "", bare = false) {
  return h("span", { class: `badge ${tone} ${bare ? "bare" : ""}` }, text);
}

/** How an upstream is; one that fails now and then is not well, though it is not given up yet. */
export function healthBadge(backend) {
  const state = backend.state === "up" && backend.last_problem ? "failing" : backend.state;
  return badge(named("backend_state", state), { up: "good", down: "bad" }[state] ?? "warn");
}

/** A message that stays; tone is info, good, warn or bad. */
export function notice(tone, title, ...more) {
  return h(
    "div",
    { class: `notice ${tone}`, role: tone === "bad" ? "alert" : null },
    icon(tone === "good" ? "check" : tone === "info" ? "info" : "warn"),
    h("div", title && h("b", title), more.map((m) => (m instanceof Node ? m : m && h("p", m))))
  );
}

/** Says that there is nothing yet and what to do about it. */
export function empty(symbol, title, text, action) {
  return h("div", { class: "empty" }, icon(symbol), h("h2", title), h("p", text), action);
}

/** A message that goes away. */
export function toast(text, tone = "good") {
  const node = h("div", { class: "toast" }, icon(tone === "good" ? "check" : "warn"), h("span", text));
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

/**
 * The reason of an error. The server gives it in English; in another language its code is said in front,
 * and the server's words, which may name a field, stay behind it.
 */
export function reason(error) {
  const said = error.message || t("failed");
  const code = String(error.code ?? "");
  const word = named("error", code);
  return language() === "en" || code === "" || word === code ? said : t("error.with", { reason: word, said });
}

/** What went wrong, and what to do. */
export function explain(error) {
  const code = error.code ?? "";
  const remedy =
    code === "unreachable"
      ? t("remedy.unreachable")
      : error.status === 401
        ? t("remedy.signed_out")
        : error.status === 403
          ? t("remedy.forbidden")
          : error.status === 404
            ? t("remedy.missing")
            : error.status === 409
              ? t("remedy.conflict")
              : error.status === 429
                ? t("remedy.busy")
                : error.status >= 500
                  ? t("remedy.server")
                  : "";
  return { title: reason(error), remedy, id: error.requestId };
}

export function problem(error, again) {
  const { title, remedy, id: request } = explain(error);
  return notice(
    "bad",
    title,
    remedy,
    request && h("p", { class: "small" }, t("request_id"), " ", h("code", request)),
    again && h("p", button(t("try_again"), { small: true, symbol: "refresh", onclick: again }))
  );
}

/** Fills a place when its content is there; shows waiting and errors meanwhile. */
export async function load(place, work) {
  const slow = setTimeout(() => put(place, h("p", { class: "waiting", role: "status" }, t("loading"))), 150);
  try {
    const content = await work();
    clearTimeout(slow);
    put(place, content);
  } catch (error) {
    clearTimeout(slow);
    if (error.name !== "AbortError") {
      put(place, problem(error, () => load(place, work)));
    }
  }
  return place;
}

/** Copies a text and says so. */
export function copier(text, { small = true, plain = false } = {}) {
  const node = button(t("copy"), { small, plain, symbol: "copy" });
  node.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      toast(t("copied"));
    } catch {
      toast(t("copy_failed"), "bad");
    }
  });
  return node;
}

/** Program text with a button that copies it. */
export function snippet(text, label) {
  return h("div", { class: "code" }, h("pre", { tabindex: "0", role: "region", "aria-label": label }, text), copier(text));
}

/** Buttons of which one is chosen. */
export function segments(label, options, value, choose) {
  const node = h("div", { class: "segments", role: "group", "aria-label": label });
  for (const [key, text] of options) {
    node.append(
      h(
        "button",
        {
          type: "button",
          "aria-pressed": String(key === value),
          onclick: (e) => {
            for (const other of node.children) {
              other.setAttribute("aria-pressed", String(other === e.currentTarget));
            }
            choose(key);
          },
        },
        text
      )
    );
  }
  return node;
}

/** Tabs; arrow keys move between them. Entries are [key, name, () => content]. */
export function tabs(label, entries, start, chosen = () => {}) {
  const panel = h("div", { role: "tabpanel", id: id("panel"), tabindex: "-1" });
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label });
  const show = (at, focus) => {
    [...list.children].forEach((tab, i) => set(tab, { "aria-selected": String(i === at), tabindex: i === at ? "0" : "-1" }));
    panel.setAttribute("aria-labelledby", list.children[at].id);
    put(panel, entries[at][2]());
    if (focus) {
      list.children[at].focus();
      chosen(entries[at][0]);
    }
  };
  entries.forEach(([, name], at) =>
    list.append(
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: id("tab"),
          "aria-controls": panel.id,
          onclick: () => show(at, true),
          onkeydown: (e) => {
            const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
            if (step) {
              show((at + step + entries.length) % entries.length, true);
            }
          },
        },
        name
      )
    )
  );
  show(Math.max(0, entries.findIndex(([key]) => key === start)), false);
  return h("div", list, panel);
}

/** A labelled control. Types: text, number, password, select, area, check, checks, date. */
export function field(spec) {
  const key = id("field");
  const help = spec.help && h("span", { class: "help", id: `${key}-help` }, spec.help);
  const wrong = h("span", { class: "wrong", id: `${key}-wrong`, hidden: true });
  const described = [spec.help && `${key}-help`, `${key}-wrong`].filter(Boolean).join(" ");
  const common = { id: key, name: spec.name, "aria-describedby": described, required: spec.required, ...spec.more };
  if (spec.type === "check") {
    const box = h("input", { type: "checkbox", ...common, checked: Boolean(spec.value) });
    const node = h("div", { class: "field" }, h("label", { class: "check" }, box, h("span", spec.label, help)), wrong);
    return { node, control: box, wrong, spec, get: () => box.checked };
  }
  if (spec.type === "checks") {
    const boxes = spec.options.map(([value, text]) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", value, checked: (spec.value ?? []).includes(value) }), h("span", text))
    );
    const node = h("fieldset", { class: `field ${spec.wide ? "wide" : ""}`, "aria-describedby": described }, h("legend", spec.label), h("div", { class: "checks" }, boxes), help, wrong);
    const inputs = [...node.querySelectorAll("input")];
    return { node, control: inputs[0], wrong, spec, get: () => inputs.filter((b) => b.checked).map((b) => b.value) };
  }
  let control;
  if (spec.type === "select") {
    control = h(
      "select",
      common,
      spec.options.map(([value, text]) => h("option", { value, selected: value === spec.value }, text))
    );
  } else if (spec.type === "area") {
    control = h("textarea", { rows: spec.rows ?? 3, class: spec.code ? "code" : null, ...common, value: spec.value ?? "" });
  } else {
    control = h("input", { type: spec.type ?? "text", autocomplete: "off", ...common, placeholder: spec.placeholder, value: spec.value ?? "" });
  }
  const node = h(
    "div",
    { class: `field ${spec.wide ? "wide" : ""} ${spec.grow ? "grow" : ""}` },
    h("label", { for: key }, spec.label, spec.optional && h("span", { class: "optional" }, ` ${t("optional")}`)),
    control,
    help,
    wrong
  );
  return { node, control, wrong, spec, get: () => control.value.trim() };
}

/** Marks a field as wrong; no text takes the mark away. */
export function mark(one, text) {
  one.wrong.textContent = text ?? "";
  one.wrong.hidden = !text;
  set(one.control, { "aria-invalid": text ? "true" : null });
}

/** A form of fields; `send` gets their values by name and may throw an error that names one. */
export function form({ fields, submit, send, extra, cancel, danger }) {
  const made = fields.map(field);
  const message = h("div");
  const go = button(submit, { type: "submit", first: true, danger });
  const node = h(
    "form",
    { novalidate: true, class: "stack" },
    h("div", { class: "fields" }, made.map((f) => f.node)),
    extra,
    message,
    h("div", { class: "row" }, go, cancel && button(t("cancel"), { onclick: cancel }))
  );
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    message.replaceChildren();
    let bad = null;
    const values = {};
    for (const one of made) {
      const value = one.get();
      values[one.spec.name] = value;
      const text =
        one.spec.required && (value === "" || value?.length === 0)
          ? t("required")
          : value !== "" && one.spec.check
            ? one.spec.check(value)
            : null;
      mark(one, text);
      bad = bad ?? (text ? one : null);
    }
    if (bad) {
      bad.control.focus();
      return;
    }
    go.disabled = true;
    try {
      await send(values);
    } catch (error) {
      // A field may be named with what it is part of: policy.regions, redaction_patterns.TICKET.
      const names = String(error.param ?? "").split(".");
      const named = made.find((f) => names.includes(f.spec.name));
      if (named) {
        mark(named, reason(error));
        named.control.focus();
      } else {
        put(message, problem(error));
      }
    } finally {
      go.disabled = false;
    }
  });
  return { node, fields: made };
}

/** A dialog; the focus goes back to where it was when it closes. */
export function dialog(title, build, { wide, closed } = {}) {
  const before = document.activeElement;
  const name = id("dialog");
  const node = h("dialog", { class: wide ? "wide" : null, "aria-labelledby": name });
  const close = () => node.close();
  const { body, footer } = build(close);
  node.append(
    h("header", { role: "presentation" }, h("h2", { id: name }, title), button("", { symbol: "close", plain: true, small: true, label: t("close"), onclick: close })),
    h("div", { class: "body" }, body),
    footer ? h("footer", footer) : h("footer")
  );
  node.addEventListener("close", () => {
    node.remove();
    before?.isConnected && before.focus();
    closed?.();
  });
  document.body.append(node);
  node.showModal();
  (node.querySelector("form input, form select, .body input") ?? node.querySelector("footer button"))?.focus();
  return close;
}

/** A form in a dialog. */
export function ask(title, { intro, fields, submit, send, extra, wide, danger }) {
  return dialog(
    title,
    (close) => {
      const made = form({
        fields,
        submit,
        extra,
        danger,
        cancel: close,
        send: async (values) => {
          await send(values, close);
        },
      });
      return { body: [intro && h("p", { class: "muted" }, intro), made.node] };
    },
    { wide }
  );
}

/** Asks before something that cannot be undone; `word` has to be typed when it is given. */
export function confirm(title, text, { action, word, run }) {
  return dialog(title, (close) => {
    const message = h("div");
    const typed = word && field({ name: "word", label: t("type_to_confirm", { word }) });
    const go = button(action, { first: true, danger: true, disabled: Boolean(word) });
    typed?.control.addEventListener("input", () => {
      go.disabled = typed.get() !== word;
    });
    go.addEventListener("click", async () => {
      go.disabled = true;
      try {
        await run();
        close();
      } catch (error) {
        put(message, problem(error));
        go.disabled = false;
      }
    });
    return { body: [h("p", text), typed?.node, message], footer: [button(t("cancel"), { onclick: close }), go] };
  });
}
