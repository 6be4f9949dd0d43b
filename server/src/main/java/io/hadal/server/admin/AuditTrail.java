package io.hadal.server.admin;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Writes what administration does into the audit log. */
public final class AuditTrail implements AdminAudit {
  private final AuditLog log;

  public AuditTrail(AuditLog log) {
    this.log = log;
  }

  @Override
  public void record(Event event) {
    JsonNode after = event.after();
    if (!event.outcome().equals("ok")) {
      ObjectNode refused = JsonNodeFactory.instance.objectNode().put("refused", event.outcome());
      if (after != null) {
        refused.set("asked", after);
      }
      after = refused;
    }
    log.append(
        AuditEntry.of(
            event.actor(),
            event.org(),
            event.action(),
            event.object(),
            event.before(),
            after,
            event.requestId()));
  }
}
