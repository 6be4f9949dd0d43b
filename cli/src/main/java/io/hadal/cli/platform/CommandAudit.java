package io.hadal.cli.platform;

import io.hadal.platform.audit.AuditEntry;
import io.hadal.platform.audit.AuditLog;
import io.hadal.platform.db.Database;
import io.hadal.platform.tenancy.Place;
import io.hadal.platform.tenancy.Tenants;
import java.time.Clock;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Tells the audit log what was done at the command line (platform.md 2.11). */
final class CommandAudit {
  private CommandAudit() {}

  /**
   * Appends an event with the names of the administration API, to the chain of the organisation
   * that the object belongs to.
   *
   * @param action such as {@code key.create}
   * @param object such as {@code keys/key_1}
   * @param facts names and values in turn; no secrets
   */
  static void tell(Database database, String action, String object, String... facts) {
    int slash = object.indexOf('/');
    String type = slash < 0 ? "" : object.substring(0, slash).replaceFirst("s$", "");
    Place place = new Tenants(database, Clock.systemUTC()).place(type, object.substring(slash + 1));
    tellOf(place == null ? null : place.org(), database, action, object, facts);
  }

  /**
   * The same for an object that says nothing of its organisation.
   *
   * @param org null for the system
   */
  static void tellOf(
      @Nullable String org, Database database, String action, String object, String... facts) {
    ObjectNode after = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i + 1 < facts.length; i += 2) {
      after.put(facts[i], facts[i + 1]);
    }
    new AuditLog(database, Clock.systemUTC())
        .append(
            new AuditEntry(
                org,
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
