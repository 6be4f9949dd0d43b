package io.hadal.platform.rollout;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import tools.jackson.databind.node.JsonNodeFactory;

/** Brings what happens to rollouts into the audit log. */
public final class RolloutAudit implements RolloutListener {
  private final AuditLog audit;

  public RolloutAudit(AuditLog audit) {
    this.audit = audit;
  }

  @Override
  public void happened(RolloutEvent event, String org) {
    audit.append(
        AuditEntry.system(
            org.isEmpty() ? null : org,
            "rollout." + event.kind(),
            "rollout:" + event.rollout(),
            JsonNodeFactory.instance
                .objectNode()
                .put("by", event.actor())
                .put("why", event.detail())));
  }
}
