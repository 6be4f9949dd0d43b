/* Organisations, teams and projects: names for ids, and choices for forms. */

import * as api from "./api.js";
import { t } from "./i18n.js";

/** Everything the person may see, with look-ups; keys and people only when they are asked for. */
export async function tree(more = false) {
  const lists = [api.orgs.list, api.teams.list, api.projects.list, ...(more ? [api.keys.list, api.principals.list] : [])];
  const [orgs, teams, projects, keys = [], people = []] = await Promise.all(lists.map(quietly));
  const byId = new Map([...orgs, ...teams, ...projects, ...keys, ...people].map((one) => [one.id, one]));
  const name = (id) => byId.get(id)?.name ?? id ?? "–";
  return {
    orgs,
    teams,
    projects,
    keys,
    people,
    name,
    one: (id) => byId.get(id),
    projectOptions: () => projects.filter((p) => !p.archived).map((p) => [p.id, `${p.name} · ${name(p.team)}`]),
    /** All places something can hold for, as type:id. */
    scopeOptions: (types = ["org", "team", "project"]) => [
      ...(types.includes("org") ? orgs.filter(live).map((o) => [`org:${o.id}`, `${t("scope.org")}: ${o.name}`]) : []),
      ...(types.includes("team") ? teams.filter(live).map((o) => [`team:${o.id}`, `${t("scope.team")}: ${o.name}`]) : []),
      ...(types.includes("project") ? projects.filter(live).map((o) => [`project:${o.id}`, `${t("scope.project")}: ${o.name}`]) : []),
    ],
  };
}

const live = (one) => !one.archived;

async function quietly(list) {
  try {
    return await api.all(list);
  } catch (error) {
    if (error.status === 403) {
      return [];
    }
    throw error;
  }
}

/** The two halves of a choice of `scopeOptions`. */
export function scopeOf(choice) {
  const at = choice.indexOf(":");
  return { type: choice.slice(0, at), id: choice.slice(at + 1) };
}
