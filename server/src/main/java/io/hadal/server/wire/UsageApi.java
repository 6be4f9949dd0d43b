package io.hadal.server.wire;

import io.hadal.chat.Problem;
import io.hadal.platform.metering.ProjectFigures;
import io.hadal.platform.money.Usd;
import io.hadal.platform.reports.Measures;
import io.hadal.platform.reports.UsageReport;
import io.hadal.platform.reports.UsageRow;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.http.HttpProblem;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /user/usage}: what the key's project has used, of no other one. Figures of this moment
 * are those of this process; with {@code ?hours} come those of the last hours, of all processes.
 */
public final class UsageApi {
  private static final int MOST_HOURS = 168;

  private final Function<String, ProjectFigures> figures;
  private final Hours hours;

  /** Usage that was recorded. */
  @FunctionalInterface
  public interface Hours {
    /**
     * That of a project, by hour.
     *
     * @param hours how many, the running one last
     */
    UsageReport of(String project, int hours);
  }

  /**
   * An API over usage of projects.
   *
   * @param figures of this moment, by project
   */
  public UsageApi(Function<String, ProjectFigures> figures, Hours hours) {
    this.figures = figures;
    this.hours = hours;
  }

  /** Answers. */
  public void handle(Call call) {
    Identity identity = call.meter().identity();
    if (identity == null) {
      throw HttpProblem.notFound("usage");
    }
    int back = hours(call.exchange().query("hours"));
    ProjectFigures now = figures.apply(identity.project());
    ObjectNode json =
        WireJson.object()
            .put("project", identity.project())
            .put("running", now.running())
            .put("attempts", now.attempts())
            .put("input_tokens", now.input())
            .put("cached_tokens", now.cached())
            .put("output_tokens", now.output());
    if (back > 0) {
      UsageReport report = hours.of(identity.project(), back);
      put(json.putObject("total"), report.total());
      ArrayNode list = json.putArray("hours");
      for (UsageRow row : report.rows()) {
        put(list.addObject().put("time", row.values().getFirst()), row.measures());
      }
    }
    Responders.json(call, 200, json);
  }

  private static int hours(@Nullable String asked) {
    if (asked == null) {
      return 0;
    }
    if (!asked.matches("[1-9][0-9]{0,2}") || Integer.parseInt(asked) > MOST_HOURS) {
      throw Problem.invalid("hours", "must be a whole number from 1 to " + MOST_HOURS);
    }
    return Integer.parseInt(asked);
  }

  private static void put(ObjectNode json, Measures m) {
    json.put("requests", m.requests())
        .put("errors", m.errors())
        .put("input_tokens", m.quantities().input())
        .put("cached_tokens", m.quantities().cacheRead())
        .put("output_tokens", m.quantities().output())
        .put("cost_usd", Usd.text(m.cost()));
  }
}
