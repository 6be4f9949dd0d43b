/* Starts the console: language, theme, session, frame and the way to pages. */

import * as api from "./api.js";
import { h, icon, put, set, svg } from "./dom.js";
import { choose, language, learn, named, t, wanted } from "./i18n.js";
import { button, notice, problem } from "./ui.js";

/* Groups of pages, in the order of the menu. A page needs its permission to be offered. */
const MENU = [
  ["menu.watch", [["overview", "USAGE"], ["usage", "USAGE"], ["requests", "REQUEST"], ["engine", "CONFIG"], ["capacity", "CAPACITY"]]],
  ["menu.build", [["playground", "PLAYGROUND"], ["keys", "KEY"], ["clients", null]]],
  ["menu.manage", [["projects", "PROJECT"], ["budgets", "BUDGET"], ["billing", "LEDGER"], ["people", "PRINCIPAL"]]],
  ["menu.serve", [["models", "MODEL"], ["quality", "MODEL"], ["routes", "BACKEND"]]],
  ["menu.prove", [["audit", "AUDIT"], ["privacy", "PRIVACY"], ["settings", null]]],
];
const PAGES = MENU.flatMap(([, pages]) => pages.map(([name]) => name));

const app = document.getElementById("app");
let me = null;
let leave = new AbortController();
let main = null;
let side = null;

/** Uses a theme: system, light or dark. */
function theme(name) {
  set(document.documentElement, { "data-theme": name === "light" || name === "dark" ? name : null });
}

/** What pages get to know. */
const context = {
  get me() {
    return me;
  },
  may(resource, verb = "WRITE") {
    const all = me?.permissions;
    return !Array.isArray(all) || all.includes(`${resource}:${verb}`.toLowerCase());
  },
  get theme() {
    return localStorage.getItem("hadal.theme") ?? "system";
  },
  useTheme(name) {
    localStorage.setItem("hadal.theme", name);
    theme(name);
  },
  async useWords(name) {
    choose(name);
    await learn(name);
  },
  async useLanguage(name) {
    await context.useWords(name);
    frame();
    await go();
  },
  async signOut() {
    try {
      await api.session.signOut();
    } finally {
      signedOut();
    }
  },
};

/** The page and its query, as the address says: #/usage?by=model. */
function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { page: path || "overview", query: new URLSearchParams(query ?? "") };
}

function logo() {
  const wave = (d, stroke) => svg("path", { d, fill: "none", stroke, "stroke-width": "2.600", "stroke-linecap": "round" });
  return svg(
    "svg",
    { viewBox: "0 0 32 32", "aria-hidden": "true" },
    svg("rect", { width: 32, height: 32, rx: 8, fill: "#123444" }),
    wave("M6 10c3.300 0 3.300 3 6.700 3s3.300-3 6.700-3 3.300 3 6.600 3", "#5ac6df"),
    wave("M9 18c2.300 0 2.300 2 4.700 2s2.300-2 4.600-2 2.300 2 4.700 2", "#2f93ae"),
    wave("M13 25.500h6", "#23788f")
  );
}

function frame() {
  const links = MENU.map(([title, pages]) => {
    const open = pages.filter(([, resource]) => !resource || context.may(resource, "READ"));
    return open.length === 0
      ? null
      : [
          h("h2", t(title)),
          h("ul", open.map(([name]) => h("li", h("a", { href: `#/${name}`, "data-page": name }, icon(symbol(name)), t(`${name}.title`))))),
        ];
  });
  const name = me.name ?? "";
  const roles = [...new Set((me.grants ?? []).map((g) => named("role", g.role)))].join(", ");
  const menu = button("", {
    symbol: "menu",
    plain: true,
    label: t("menu"),
    class: "menu square plain",
    "aria-expanded": "false",
    onclick: () => set(menu, { "aria-expanded": String(side.classList.toggle("open")) }),
  });
  side = h(
    "header",
    { class: "side" },
    h("div", { class: "brand" }, logo(), h("div", h("b", "Hadal"), h("small", t("console"))), menu),
    h("nav", { "aria-label": t("menu") }, links),
    h(
      "div",
      { class: "who" },
      h("span", { class: "face", "aria-hidden": "true" }, name.slice(0, 1).toUpperCase()),
      h("div", h("b", name), h("small", roles)),
      button("", { symbol: "out", plain: true, small: true, label: t("sign_out"), onclick: context.signOut })
    )
  );
  main = h("main", { id: "main", tabindex: "-1" });
  const skip = h("a", { class: "skip", href: "#main" }, t("skip"));
  skip.addEventListener("click", (e) => {
    e.preventDefault();
    main.focus();
  });
  put(app, skip, h("div", { class: "frame" }, side, main));
}

function symbol(page) {
  return { playground: "play", clients: "send", quality: "capacity" }[page] ?? page;
}

async function go() {
  if (!me) {
    return;
  }
  leave.abort();
  leave = new AbortController();
  const signal = leave.signal;
  const { page, query } = address();
  const name = PAGES.includes(page) ? page : "overview";
  side.classList.remove("open");
  for (const link of side.querySelectorAll("a[data-page]")) {
    set(link, { "aria-current": link.dataset.page === name ? "page" : null });
  }
  document.title = `${t(`${name}.title`)} · Hadal`;
  const moved = main.dataset.page !== name;
  try {
    const { show } = await import(`./pages/${name}.js`);
    if (signal.aborted) {
      return;
    }
    const place = h("div", { class: "stack" });
    put(main, place);
    main.dataset.page = name;
    await show(place, tools(signal, name, query));
  } catch (error) {
    if (error.name === "AbortError") {
      return;
    }
    put(
      main,
      error instanceof TypeError
        ? notice("warn", t("updated"), h("p", button(t("reload"), { small: true, onclick: () => location.reload() })))
        : problem(error, go)
    );
  }
  if (moved) {
    window.scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
  }
}

function tools(signal, name, query) {
  return {
    me,
    signal,
    query,
    may: context.may,
    app: context,
    /** Changes the page's query without leaving it. */
    keep(values) {
      const next = new URLSearchParams(query);
      for (const [key, value] of Object.entries(values)) {
        if (value === null || value === "") {
          next.delete(key);
        } else {
          next.set(key, value);
        }
      }
      const text = next.toString();
      history.replaceState(null, "", `#/${name}${text ? `?${text}` : ""}`);
      for (const key of [...query.keys()]) {
        query.delete(key);
      }
      next.forEach((value, key) => query.set(key, value));
    },
    /** Repeats work until the page is left; slower while nobody looks. */
    every(millis, work) {
      const again = async () => {
        if (signal.aborted) {
          return;
        }
        if (!document.hidden) {
          await work();
        }
        setTimeout(again, document.hidden ? millis * 4 : millis);
      };
      setTimeout(again, millis);
    },
  };
}

function signedOut() {
  me = null;
  api.protect(null);
  leave.abort();
  signIn();
}

async function signIn() {
  const { show } = await import("./pages/signin.js");
  document.title = `${t("signin.title")} · Hadal`;
  await show(app, { logo, app: context, language: language(), entered: start });
}

async function start() {
  try {
    me = await api.session.me();
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      await signIn();
    } else {
      put(app, h("main", problem(error, start)));
    }
    return;
  }
  api.protect(me.csrf_token);
  frame();
  await go();
}

api.onLost(() => me && signedOut());
window.addEventListener("hashchange", go);
theme(context.theme);
try {
  await learn(wanted());
  await start();
} catch (error) {
  put(app, h("main", problem(error)));
}
