package io.hadal.server.admin;

import io.hadal.chat.Problem;
import io.hadal.formats.Json;
import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditEvent;
import io.hadal.platform.audit.AuditExport;
import io.hadal.platform.audit.AuditFault;
import io.hadal.platform.audit.AuditKey;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.audit.AuditQuery;
import io.hadal.platform.audit.AuditReport;
import io.hadal.platform.audit.AuditSchedule;
import io.hadal.platform.tenancy.Permission;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonPointer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Searching, verifying and exporting the audit log. {@code org} names the organisation whose chain
 * is meant, and with it the place where the permission is needed; without it the call is about the
 * whole system.
 */
public final class AuditEndpoints implements EndpointGroup {
  private static final Permission READ = Permission.read(Permission.Resource.AUDIT);
  private static final int USUAL = 50;
  private static final int MOST = 500;

  private final AuditLog log;
  private final AuditSchedule schedule;
  private final AuditExport export;
  private final AuditKey key;

  /**
   * Endpoints over a log.
   *
   * @param schedule verifies
   * @param key public key of whoever signs here
   */
  public AuditEndpoints(AuditLog log, AuditSchedule schedule, AuditExport export, AuditKey key) {
    this.log = log;
    this.schedule = schedule;
    this.export = export;
    this.key = key;
  }

  @Override
  public List<Endpoint> endpoints() {
    return List.of(
        new Endpoint("GET", "/audit/chains", READ, "Chains of the audit log", this::chains),
        new Endpoint(
            "GET",
            "/audit/events",
            READ,
            "Events of an org or of the system, newest first: actor, action, object, from, until",
            this::events),
        new Endpoint("POST", "/audit/verify", READ, "Recomputes the whole audit log", this::verify)
            .apart(),
        new Endpoint(
            "GET",
            "/audit/export",
            READ,
            "The chain of an org, or all chains, as JSON lines that verify offline",
            this::export),
        new Endpoint(
            "GET", "/audit/public-key", READ, "The key that signs checkpoints", this::publicKey));
  }

  private JsonNode chains(AdminCall call) {
    ArrayNode data = JsonNodeFactory.instance.arrayNode();
    log.chains().forEach(chain -> data.addObject().put("chain", chain));
    return list(data, null);
  }

  private static ObjectNode list(ArrayNode data, @Nullable String next) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("data", data);
    answer.put("next", next);
    return answer;
  }

  private JsonNode events(AdminCall call) {
    String org = call.query("org");
    int limit = (int) number(call, "limit", 1, MOST, USUAL);
    List<AuditEvent> events =
        log.search(
            new AuditQuery(
                org == null ? AuditLog.SYSTEM : org,
                call.query("actor"),
                call.query("action"),
                call.query("object"),
                time(call, "from", 0),
                time(call, "until", Long.MAX_VALUE),
                number(call, "after", 0, Long.MAX_VALUE, Long.MAX_VALUE),
                limit));
    ArrayNode data = JsonNodeFactory.instance.arrayNode();
    events.forEach(event -> data.add(json(event)));
    return list(data, events.size() < limit ? null : Long.toString(events.getLast().seq()));
  }

  private static long number(AdminCall call, String name, long least, long most, long otherwise) {
    String text = call.query(name);
    if (text == null) {
      return otherwise;
    }
    try {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // The message below says what is wrong.
    }
    throw Problem.invalid(name, "must be a whole number from " + least + " to " + most);
  }

  private static long time(AdminCall call, String name, long otherwise) {
    String text = call.query(name);
    if (text == null) {
      return otherwise;
    }
    try {
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      throw Problem.invalid(name, "must be a time such as 2026-11-24T08:00:00Z");
    }
  }

  /** The record with the personal values that are still kept in their places. */
  static ObjectNode json(AuditEvent event) {
    ObjectNode json =
        (ObjectNode) Json.parse(event.record().getBytes(StandardCharsets.UTF_8), "audit record");
    for (Map.Entry<String, String> clear : event.clear().entrySet()) {
      JsonPointer pointer = JsonPointer.compile(clear.getKey());
      JsonNode parent = json.at(pointer.head());
      if (parent instanceof ObjectNode object) {
        object.put(pointer.last().getMatchingProperty(), clear.getValue());
      } else if (parent instanceof ArrayNode array) {
        array.set(
            pointer.last().getMatchingIndex(),
            JsonNodeFactory.instance.stringNode(clear.getValue()));
      }
    }
    json.put("ts", Instant.ofEpochMilli(event.ts()).toString());
    json.put("hash", event.hash());
    return json;
  }

  private JsonNode verify(AdminCall call) {
    AuditReport report = schedule.verify();
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("ok", report.ok());
    answer.put("chains", report.chains());
    answer.put("events", report.events());
    answer.put("checkpoints", report.checkpoints());
    answer.put("unsigned_events", report.unsigned());
    ArrayNode faults = answer.putArray("faults");
    for (AuditFault fault : report.faults()) {
      faults
          .addObject()
          .put("chain", fault.chain())
          .put("seq", fault.seq())
          .put("why", fault.why());
    }
    return answer;
  }

  private @Nullable JsonNode export(AdminCall call) throws IOException {
    String org = call.query("org");
    List<String> chains = org == null ? log.chains() : List.of(org);
    // First, so that the file holds the event of its own export.
    log.append(
        AuditEntry.of(call.actor(), org, "audit.export", "audit", null, null, call.requestId()));
    call.exchange().setHeader("content-disposition", "attachment; filename=\"hadal-audit.jsonl\"");
    try (OutputStream out =
        new BufferedOutputStream(
            call.exchange().stream(200, "application/x-ndjson; charset=utf-8"), 1 << 16)) {
      export.write(chains, out);
    }
    return null;
  }

  private JsonNode publicKey(AdminCall call) {
    return JsonNodeFactory.instance.objectNode().put("key_id", key.id()).put("pem", key.pem());
  }
}
