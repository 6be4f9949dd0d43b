/* Organisations, teams and projects: names for ids, and choices for forms. */

import * as api from "./api.js";
import { t } from "./i18n.js";

/** Everything the person may see, with look-ups. */
export async function tree() {
  const [orgs, teams, projects] = await Promise.all([quietly(api.orgs.list), quietly(api.teams.list), quietly(api.projects.list)]);
  const byId = new Map([...orgs, ...teams, ...projects].map((one) => [one.id, one]));
  const name = (id) => byId.get(id)?.name ?? id ?? "–";
  return {
    orgs,
    teams,
    projects,
    name,
    /** Where a project belongs: organisation and team. */
    path: (project) => [name(project.org_id), name(project.team_id)].join(" / "),
    projectOptions: () => projects.filter((p) => p.status !== "archived").map((p) => [p.id, `${p.name} · ${name(p.team_id)}`]),
    /** All places something can hold for, as type:id. */
    scopeOptions: (types = ["org", "team", "project"]) => [
      ...(types.includes("org") ? orgs.map((o) => [`org:${o.id}`, `${t("scope.org")}: ${o.name}`]) : []),
      ...(types.includes("team") ? teams.map((o) => [`team:${o.id}`, `${t("scope.team")}: ${o.name}`]) : []),
      ...(types.includes("project") ? projects.map((o) => [`project:${o.id}`, `${t("scope.project")}: ${o.name}`]) : []),
    ],
  };
}

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
