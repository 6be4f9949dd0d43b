package io.hadal.server.admin;

import io.hadal.platform.registry.ModelVersion;
import io.hadal.platform.registry.Registry;
import io.hadal.platform.registry.Slo;
import io.hadal.platform.reports.Attainment;
import io.hadal.platform.reports.Dimension;
import io.hadal.platform.reports.UsageFilter;
import io.hadal.platform.reports.UsageReports;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import java.time.Clock;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** What versions promise about their speed, and how often they keep it. */
public final class SloEndpoints implements EndpointGroup {
  private static final Permission USAGE = Permission.read(Resource.USAGE);
  private static final long DAY = 86_400_000;

  private final Registry registry;
  private final UsageReports reports;
  private final ActorScope scopes;
  private final Clock clock;

  public SloEndpoints(Registry registry, UsageReports reports, ActorScope scopes, Clock clock) {
    this.registry = registry;
    this.reports = reports;
    this.scopes = scopes;
    this.clock = clock;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
            "GET",
            "/slo",
            USAGE,
            "What versions promise about their speed, and how often they kept it ?from ?to",
            this::list));
  }

  private JsonNode list(AdminCall call) {
    UsageFilter filter =
        UsageParameters.filter(
            call, scopes.of(call.actor(), USAGE), clock.millis() - DAY, Long.MAX_VALUE);
    ObjectNode answer = AdminJson.object();
    ArrayNode data = answer.putArray("data");
    for (ModelVersion version : registry.versions()) {
      Slo slo = version.manifest().slo();
      if (slo != null && version.activatedAt() != null) {
        Attainment seen =
            reports.attainment(filter.with(Dimension.of("version"), version.id()), slo);
        data.add(json(version, slo, seen));
      }
    }
    return answer.putNull("next");
  }

  private static ObjectNode json(ModelVersion version, Slo slo, Attainment seen) {
    ObjectNode one =
        AdminJson.object()
            .put("version", version.id())
            .put("lifecycle", version.lifecycle().text())
            .put("percent", slo.percent());
    if (slo.firstToken()) {
      one.putObject("first_token")
          .put("ttft_ms", slo.firstTokenMillis())
          .put("ttft_ms_per_1k", slo.perThousandMillis())
          .put("answers", seen.firstTokens())
          .put("in_time", seen.firstTokensInTime())
          .put("met", met(seen.firstTokensInTime(), seen.firstTokens(), slo));
    }
    if (slo.tokenMicros() > 0) {
      one.putObject("per_token")
          .put("tpot_us", slo.tokenMicros())
          .put("answers", seen.answers())
          .put("in_time", seen.answersInTime())
          .put("met", met(seen.answersInTime(), seen.answers(), slo));
    }
    return one;
  }

  private static boolean met(long within, long all, Slo slo) {
    return within * 100 >= all * slo.percent();
  }
}
