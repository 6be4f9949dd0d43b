package io.hadal.cli.platform;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import java.time.Clock;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tells the audit log what was done at the command line (platform.md 2.11). */
final class CommandAudit {
  private CommandAudit() {}

  /**
   * Appends an event with the names of the administration API.
   *
   * @param action such as {@code key.create}
   * @param object such as {@code keys/key_1}
   * @param facts names and values in turn; no secrets
   */
  static void tell(Database database, String action, String object, String... facts) {
    ObjectNode after = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i + 1 < facts.length; i += 2) {
      after.put(facts[i], facts[i + 1]);
    }
    new AuditLog(database, Clock.systemUTC())
        .append(
            new AuditEntry(
                null,
                "command-line",
                System.getProperty("user.name"),
                null,
                action,
                object,
                null,
                after.isEmpty() ? null : after,
                null));
  }
}
