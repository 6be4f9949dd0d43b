package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import io.hadal.platform.reports.Difference;
import io.hadal.platform.reports.Reconciliation;
import io.hadal.platform.tenancy.Permission;
import io.hadal.platform.tenancy.Permission.Resource;
import io.hadal.server.http.HttpProblem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** An upstream's usage file against what was booked for it (platform specification, 2.6). */
public final class ReconciliationEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Resource.LEDGER);

  /** Bytes of a file; longer ones are split, or compared by {@code hadal ledger reconcile}. */
  private static final long LONGEST_FILE = 32L << 20;

  /** Differences that are listed; the others are counted. */
  private static final int MOST_LISTED = 1000;

  private final Reconciliation reconciliation;
  private final ActorScope scopes;

  /** A file is in memory while it is compared: one at a time. */
  private final Semaphore comparing = new Semaphore(1);

  public ReconciliationEndpoints(Reconciliation reconciliation, ActorScope scopes) {
    this.reconciliation = reconciliation;
    this.scopes = scopes;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint(
                "POST",
                "/ledger/reconcile",
                READ,
                "Compares an upstream's usage file, sent as text/csv, with the events of ?backend,"
                    + " an upstream that has answered requests",
                this::compare)
            .apart());
  }

  private @Nullable JsonNode compare(AdminCall call) throws IOException {
    scopes.requireAll(call.actor(), READ);
    String backend = call.query("backend");
    if (backend == null || backend.isBlank()) {
      throw Problem.invalid("backend", "is required: the name of the upstream");
    }
    String type = call.exchange().header("content-type");
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("text/csv")) {
      throw HttpProblem.unsupportedMedia("content-type must be text/csv");
    }
    try {
      reconciliation.requireKnown(backend);
    } catch (FormatException e) {
      throw Problem.invalid("backend", "is unknown: " + e.getMessage());
    }
    if (!comparing.tryAcquire()) {
      throw Problem.overloaded(5);
    }
    try {
      byte[] file = call.exchange().body(LONGEST_FILE);
      if (file == null) {
        throw HttpProblem.tooLarge(LONGEST_FILE);
      }
      // Sent from here and not returned: what is returned of a POST goes into the audit log.
      byte[] answer = Json.text(compared(backend, file)).getBytes(StandardCharsets.UTF_8);
      call.exchange().send(200, "application/json", answer);
    } finally {
      comparing.release();
    }
    return null;
  }

  private ObjectNode compared(String backend, byte[] file) throws IOException {
    ArrayNode data = JsonNodeFactory.instance.arrayNode();
    Map<Difference.Kind, Integer> kinds = new EnumMap<>(Difference.Kind.class);
    Reconciliation.Summary summary;
    try (Reader in =
        new InputStreamReader(new ByteArrayInputStream(file), StandardCharsets.UTF_8)) {
      summary =
          reconciliation.compare(
              backend,
              in,
              "file",
              one -> {
                kinds.merge(one.kind(), 1, Integer::sum);
                if (data.size() < MOST_LISTED) {
                  data.addObject()
                      .put("kind", name(one.kind()))
                      .put("where", one.where())
                      .put("here", one.here())
                      .put("there", one.there());
                }
              });
    } catch (FormatException e) {
      // The source is only named to be found in the message.
      String why = String.valueOf(e.getMessage()).replaceFirst("^file: ", "");
      throw Problem.invalid("file", "cannot be used: " + why);
    }
    ObjectNode answer =
        JsonNodeFactory.instance
            .objectNode()
            .put("backend", backend)
            .put("lines", summary.lines())
            .put("matched", summary.matched())
            .put("differences", summary.differences());
    ObjectNode counts = answer.putObject("counts");
    for (Difference.Kind kind : Difference.Kind.values()) {
      counts.put(name(kind), kinds.getOrDefault(kind, 0));
    }
    answer.set("data", data);
    return answer.putNull("next");
  }

  private static String name(Difference.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }
}
