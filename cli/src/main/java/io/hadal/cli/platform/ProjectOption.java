package io.hadal.cli.platform;

import io.hadal.formats.FormatException;
import io.hadal.platform.db.Database;
import io.hadal.platform.signin.BreakGlass;
import io.hadal.platform.tenancy.Permissions.Visible;
import io.hadal.platform.tenancy.Tenants;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which project. */
final class ProjectOption {
  private static final int MOST = 500;

  @Option(
      names = "--project",
      paramLabel = "SLUG",
      description = "Slug or id of the project. Default: ${DEFAULT-VALUE}.",
      defaultValue = BreakGlass.DEFAULT)
  private String project = BreakGlass.DEFAULT;

  @Option(
      names = "--org",
      paramLabel = "NAME",
      description = "Name of its org, where several have such a project.")
  private @Nullable String org;

  /**
   * The project.
   *
   * @throws FormatException when it is not there, or there are several
   */
  Tenants.Project find(Database database, Clock clock) {
    Tenants tenants = new Tenants(database, clock);
    Tenants.Project byId = tenants.project(project);
    if (byId != null) {
      return byId;
    }
    List<Tenants.Project> found = new ArrayList<>();
    for (Tenants.Org one : tenants.orgs(Visible.EVERYTHING, null, MOST).data()) {
      if (org == null || org.equals(one.name()) || org.equals(one.id())) {
        Tenants.Project match = tenants.projectBySlug(one.id(), project);
        if (match != null) {
          found.add(match);
        }
      }
    }
    if (found.isEmpty()) {
      throw new FormatException("--project " + project, "there is no such project");
    }
    if (found.size() > 1) {
      throw new FormatException(
          "--project " + project, "several orgs have one; say which with --org NAME");
    }
    return found.getFirst();
  }
}
