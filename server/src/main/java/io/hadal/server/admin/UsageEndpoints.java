package io.hadal.server.admin;

import static io.hadal.platform.tenancy.Permission.read;

import io.hadal.chat.Problem;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.ExportFormat;
import io.hadal.platform.reports.UsageExport;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageQuery;
import io.hadal.platform.reports.UsageReport;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.reports.UsageRow;
import io.hadal.platform.reports.UsageScope;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Usage by any dimension, over time, and as files. */
public final class UsageEndpoints implements EndpointGroup {
  private static final Permission USAGE = read(Resource.USAGE);
  private static final Permission EXPORT = read(Resource.EXPORT);
  private static final long DAY = 86_400_000;
  private static final int MOST_POINTS = 5_000;

  private final UsageReports reports;
  private final UsageExport export;
  private final ActorScope scopes;
  private final Clock clock;

  public UsageEndpoints(UsageReports reports, UsageExport export, ActorScope scopes, Clock clock) {
    this.reports = reports;
    this.export = export;
    this.scopes = scopes;
    this.clock = clock;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/usage",
            USAGE,
            "Usage from ?from to ?to, grouped ?by dimensions, with any dimension as a filter",
            this::usage),
        new Endpoint(
            "GET",
            "/usage/series",
            USAGE,
            "Usage by ?interval (hour, day, month), and by one dimension more (?split)",
            this::series),
        new Endpoint(
            "GET",
            "/usage/export",
            EXPORT,
            "Attempts as ?format csv, jsonl or focus, behind the cursor ?after",
            this::export));
  }

  private UsageFilter filter(AdminCall call, Permission permission, long back) {
    UsageScope scope = scopes.of(call.actor(), permission);
    long now = clock.millis();
    return UsageParameters.filter(call, scope, now - back, Long.MAX_VALUE);
  }

  private JsonNode usage(AdminCall call) {
    List<Dimension> by = UsageParameters.dimensions(call, "by");
    UsageQuery query =
        UsageParameters.checked(
            () ->
                new UsageQuery(
                    filter(call, USAGE, 30 * DAY), by, true, UsageParameters.limit(call)));
    UsageReport report = reports.run(query);
    boolean costs = scopes.seesCosts(call.actor(), USAGE);
    ObjectNode answer = answer(report, costs);
    ArrayNode data = answer.putArray("data");
    for (UsageRow row : report.rows()) {
      ObjectNode one = data.addObject();
      ObjectNode values = one.putObject("values");
      for (int i = 0; i < by.size(); i++) {
        values.put(by.get(i).name(), row.values().get(i));
      }
      UsageParameters.put(one, row.measures(), costs);
    }
    return answer;
  }

  private JsonNode series(AdminCall call) {
    String name = call.query("interval");
    Dimension interval = UsageParameters.checked(() -> Dimension.of(name == null ? "hour" : name));
    if (!interval.time()) {
      throw Problem.invalid("interval", "must be hour, day or month");
    }
    List<Dimension> by = new ArrayList<>(List.of(interval));
    by.addAll(UsageParameters.dimensions(call, "split"));
    if (by.size() > 2) {
      throw Problem.invalid("split", "must name one dimension");
    }
    UsageReport report =
        reports.run(
            UsageParameters.checked(
                () ->
                    new UsageQuery(
                        filter(call, USAGE, DAY),
                        by,
                        true,
                        UsageParameters.limit(call, MOST_POINTS, MOST_POINTS))));
    boolean costs = scopes.seesCosts(call.actor(), USAGE);
    ObjectNode answer = answer(report, costs);
    ArrayNode data = answer.putArray("data");
    for (UsageRow row : report.rows()) {
      ObjectNode one = data.addObject().put("time", row.values().getFirst());
      if (by.size() > 1) {
        one.put("split", row.values().get(1));
      }
      UsageParameters.put(one, row.measures(), costs);
    }
    return answer;
  }

  private static ObjectNode answer(UsageReport report, boolean costs) {
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    answer.putNull("next");
    answer.put("more", report.more());
    if (report.completeUntil() == 0) {
      answer.putNull("complete_until");
    } else {
      answer.put("complete_until", UsageParameters.text(report.completeUntil()));
    }
    UsageParameters.put(answer.putObject("total"), report.total(), costs);
    return answer;
  }

  private @Nullable JsonNode export(AdminCall call) throws IOException {
    String name = call.query("format");
    ExportFormat format =
        UsageParameters.checked(() -> ExportFormat.of(name == null ? "csv" : name));
    UsageScope scope = scopes.of(call.actor(), EXPORT);
    UsageFilter filter = UsageParameters.filter(call, scope, 0, Long.MAX_VALUE);
    long after = UsageParameters.after(call, 0);
    call.exchange()
        .setHeader(
            "content-disposition",
            "attachment; filename=\"usage."
                + (format == ExportFormat.JSONL ? "jsonl" : "csv")
                + "\"");
    try (OutputStream out = call.exchange().stream(200, format.contentType())) {
      export.write(format, filter, after, out);
    }
    return null;
  }
}
