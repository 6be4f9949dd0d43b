package io.hadal.server.admin;

import static io.hadal.platform.tenancy.Permission.read;

import io.hadal.platform.ledger.EventRow;
import io.hadal.platform.reports.EventColumns;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.http.HttpProblem;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Single requests: what is known about them, never what they said. */
public final class RequestEndpoints implements EndpointGroup {
  private static final Permission REQUEST = read(Resource.REQUEST);

  private final UsageReports reports;
  private final ActorScope scopes;

  public RequestEndpoints(UsageReports reports, ActorScope scopes) {
    this.reports = reports;
    this.scopes = scopes;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/requests",
            REQUEST,
            "Attempts at requests, newest first, with any dimension as a filter",
            this::search),
        new Endpoint("GET", "/requests/{id}", REQUEST, "All attempts at a request", this::request));
  }

  private JsonNode search(AdminCall call) {
    UsageFilter filter =
        UsageParameters.filter(call, scopes.of(call.actor(), REQUEST), 0, Long.MAX_VALUE);
    int limit = UsageParameters.limit(call);
    List<EventRow> rows =
        UsageParameters.checked(
            () -> reports.search(filter, UsageParameters.after(call, Long.MAX_VALUE), limit));
    ObjectNode answer = list(rows, scopes.seesCosts(call.actor(), REQUEST));
    if (rows.size() < limit) {
      answer.putNull("next");
    } else {
      answer.put("next", Long.toString(rows.getLast().seq()));
    }
    return answer;
  }

  private JsonNode request(AdminCall call) {
    List<EventRow> rows = reports.attempts(call.path("id"), scopes.of(call.actor(), REQUEST));
    if (rows.isEmpty()) {
      throw HttpProblem.notFound("The request '" + call.path("id") + "'");
    }
    return list(rows, scopes.seesCosts(call.actor(), REQUEST)).putNull("next");
  }

  private static ObjectNode list(List<EventRow> rows, boolean costs) {
    ObjectNode answer = JsonMapper.shared().createObjectNode();
    ArrayNode data = answer.putArray("data");
    for (EventRow row : rows) {
      ObjectNode one = EventColumns.json(row);
      if (!costs) {
        one.putNull("upstream_cost_nano");
      }
      // Where the time went.
      long first = row.firstTokenMillis();
      one.putObject("waterfall")
          .put("queue_ms", row.queueMillis())
          .put("prefill_ms", Math.max(0, first - row.queueMillis()))
          .put("decode_ms", first == 0 ? 0 : Math.max(0, row.end() - row.firstToken()))
          .put("total_ms", Math.max(0, row.end() - row.start()));
      data.add(one);
    }
    return answer;
  }
}
