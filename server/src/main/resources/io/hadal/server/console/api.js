/* The only module that knows paths of the admin API. */

const ROOT = new URL("../admin/v1/", document.baseURI);
let csrf = null;
let lost = () => {};

/** An answer that is no success. */
export class ApiError extends Error {
  constructor(status, error, requestId) {
    super(error.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = error.code ?? null;
    this.param = error.param ?? null;
    this.requestId = requestId;
  }
}

/** Called when the session is over. */
export function onLost(listener) {
  lost = listener;
}

/** The token that proves that a change was asked for by this page. */
export function protect(token) {
  csrf = token ?? null;
}

function url(path, query = {}) {
  const found = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") {
      found.searchParams.set(name, value);
    }
  }
  return found;
}

async function call(method, path, { query, body, file, signal, quiet } = {}) {
  const headers = { accept: "application/json" };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
  } else if (file) {
    headers["content-type"] = "text/csv";
  }
  if (csrf && method !== "GET") {
    headers["x-csrf-token"] = csrf;
  }
  let answer;
  try {
    answer = await fetch(url(path, query), {
      method,
      headers,
      body: body === undefined ? file : JSON.stringify(body),
      signal,
      credentials: "same-origin",
    });
  } catch (e) {
    if (e.name === "AbortError") {
      throw e;
    }
    throw new ApiError(0, { code: "unreachable", message: "" }, null);
  }
  const text = await answer.text();
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    json = null;
  }
  if (!answer.ok) {
    if (answer.status === 401 && !quiet) {
      lost();
    }
    throw new ApiError(answer.status, json?.error ?? {}, answer.headers.get("x-request-id"));
  }
  return json;
}

const get = (path, query, options) => call("GET", path, { query, ...options });
const post = (path, body = {}, options) => call("POST", path, { body, ...options });
const change = (path, body) => call("PATCH", path, { body });
const write = (path, body) => call("PUT", path, { body });
const remove = (path, query) => call("DELETE", path, { query });
const part = encodeURIComponent;

/** All pages of a list, up to a bound. */
export async function all(list, query = {}, most = 2000) {
  const found = [];
  let after = null;
  do {
    const page = await list({ limit: 500, ...query, after });
    found.push(...page.data);
    after = page.next;
  } while (after && found.length < most);
  return found;
}

export const session = {
  signIn: (name, password) => post("session", { name, password }, { quiet: true }),
  signOut: () => remove("session"),
  me: () => get("session", {}, { quiet: true }),
  methods: () => get("session/methods", {}, { quiet: true }),
  oidc: () => url("session/oidc", { return_to: new URL(document.baseURI).pathname }).href,
};

export const orgs = {
  list: (q) => get("orgs", q),
  add: (body) => post("orgs", body),
};
export const teams = {
  list: (q) => get("teams", q),
  add: (body) => post("teams", body),
};
export const projects = {
  list: (q) => get("projects", q),
  add: (body) => post("projects", body),
  archive: (id) => remove(`projects/${part(id)}`),
  topUp: (id, body) => post(`projects/${part(id)}/topup`, body),
};
export const principals = {
  list: (q) => get("principals", q),
  add: (body) => post("principals", body),
  archive: (id) => remove(`principals/${part(id)}`),
};
export const grants = {
  list: (q) => get("grants", q),
  add: (body) => post("grants", body),
  remove: (g) => remove(`grants/${[g.principal, g.scope_type, g.scope_id, g.role].map(part).join("/")}`),
};
export const keys = {
  list: (q) => get("keys", q),
  add: (body) => post("keys", body),
  rotate: (id, body) => post(`keys/${part(id)}/rotate`, body),
  revoke: (id) => remove(`keys/${part(id)}`),
};
export const limits = {
  list: (q) => get("limits", q),
  add: (body) => post("limits", body),
  change: (id, body) => change(`limits/${part(id)}`, body),
  remove: (id) => remove(`limits/${part(id)}`),
  check: (body) => post("limit-checks", body),
};
export const budgets = {
  list: (q) => get("budgets", q),
  add: (body) => post("budgets", body),
  change: (id, body) => change(`budgets/${part(id)}`, body),
  remove: (id) => remove(`budgets/${part(id)}`),
  state: (id) => get(`budgets/${part(id)}/state`, { limit: 20 }),
};
export const alerts = { list: (q) => get("budget-alerts", q) };
export const prices = {
  list: (q) => get("prices", q),
  add: (body) => post("prices", body),
};
export const usage = {
  report: (q, signal) => get("usage", { limit: 500, ...q }, { signal }),
  series: (q, signal) => get("usage/series", q, { signal }),
  file: (q) => url("usage/export", q).href,
};
export const requests = {
  list: (q) => get("requests", q),
  attempts: (id) => get(`requests/${part(id)}`),
  cache: (q) => get("cache-explanations", q),
};
export const ledger = {
  transactions: (q) => get("ledger/transactions", q),
  accounts: (q) => get("ledger/accounts", q),
  verify: () => post("ledger/verify"),
  reconcile: (backend, file) => call("POST", "ledger/reconcile", { query: { backend }, file }),
};
export const audit = {
  chains: () => get("audit/chains"),
  list: (q) => get("audit/events", q),
  verify: () => post("audit/verify"),
  file: (q) => url("audit/export", q).href,
};
export const privacy = {
  change: (kind, id, policy) => change(`${kind}/${part(id)}`, { policy }),
  trial: (body) => post("redaction/trial", body),
  dataKeys: (org) => get(`orgs/${part(org)}/data-keys`),
  rotate: (org) => post(`orgs/${part(org)}/data-keys`),
};
export const clientSetups = (q, signal) => get("client-setups", q, { signal });
export const slo = (q, signal) => get("slo", q, { signal });
export const models = {
  versions: (q) => get("models", q),
  version: (id) => get(`models/${part(id)}`),
  activate: (id) => post(`models/${part(id)}/activate`),
  deprecate: (id, body) => post(`models/${part(id)}/deprecate`, body),
  retire: (id) => post(`models/${part(id)}/retire`),
  probes: (id) => get(`models/${part(id)}/probes`),
  probe: (id, body) => post(`models/${part(id)}/probes`, body),
  ending: (q) => get("model-usage", q),
  aliases: (q) => get("aliases", q),
  history: (name, q) => get(`aliases/${part(name)}/history`, q),
  point: (name, body) => write(`aliases/${part(name)}`, body),
};
export const trials = {
  quality: () => get("quality", { limit: 200 }),
  look: () => post("quality", {}),
  reports: () => get("upgrade-reports", { limit: 10 }),
  report: (id) => get(`upgrade-reports/${part(id)}`),
};

export const rollouts = {
  list: (q) => get("rollouts", q),
  one: (id) => get(`rollouts/${part(id)}`),
  add: (body) => post("rollouts", body),
  step: (id, what, body) => post(`rollouts/${part(id)}/${what}`, body),
};
export const backends = {
  list: (q) => get("backends", q),
  probe: (name) => post(`backends/${part(name)}/probe`),
  routes: () => get("routes"),
};
export const overview = (signal) => get("overview", {}, { signal });
export const config = () => get("config");
export const delivery = {
  channels: () => get("alert-channels"),
  failed: () => get("alert-deliveries", { state: "failed", limit: 10 }),
  waiting: () => get("alert-deliveries", { state: "waiting", limit: 10 }),
  test: () => post("alert-tests", {}),
};

export const capacity = {
  costs: () => get("capacity"),
  plan: (body) => post("capacity/plan", body),
};
