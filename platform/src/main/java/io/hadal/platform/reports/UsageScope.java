package io.hadal.platform.reports;

import java.util.Set;

/** Whose usage may be seen: that of any of these, or all. */
public record UsageScope(boolean all, Set<String> orgs, Set<String> teams, Set<String> projects) {
  /** Everything. */
  public static final UsageScope ALL = new UsageScope(true, Set.of(), Set.of(), Set.of());

  public UsageScope {
    orgs = Set.copyOf(orgs);
    teams = Set.copyOf(teams);
    projects = Set.copyOf(projects);
  }

  /** Whether all of another scope is in this one, as far as their names tell. */
  public boolean covers(UsageScope other) {
    return all
        || (!other.all
            && orgs.containsAll(other.orgs)
            && teams.containsAll(other.teams)
            && projects.containsAll(other.projects));
  }
}
