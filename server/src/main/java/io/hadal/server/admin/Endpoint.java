package io.hadal.server.admin;

import io.hadal.platform.tenancy.Permission;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One thing that can be asked for.
 *
 * @param method HTTP method
 * @param path below {@code /admin/v1}, with names in braces: {@code /projects/{id}}
 * @param permission what it needs
 * @param summary a line for the description of the API
 * @param telling how the audit log learns of what it changes
 */
public record Endpoint(
    String method,
    String path,
    Permission permission,
    String summary,
    Handler handler,
    Telling telling) {
  /** How the audit log learns of a change. */
  public enum Telling {
    /**
     * The handler runs in one transaction with the event of the audit log: neither is there without
     * the other. It changes nothing but the database, waits for nobody and sends no answer.
     */
    TOGETHER,

    /**
     * The event is written when the handler is done, which asks elsewhere, takes long or changes
     * what is not in the database.
     */
    APART,

    /** The handler itself tells the audit log, in the transaction of its change. */
    ITSELF
  }

  /** One whose changes are in one transaction with their events. */
  public Endpoint(
      String method, String path, Permission permission, String summary, Handler handler) {
    this(method, path, permission, summary, handler, Telling.TOGETHER);
  }

  /** The same, with the event of its calls after them. */
  Endpoint apart() {
    return new Endpoint(method, path, permission, summary, handler, Telling.APART);
  }

  /** Answers. */
  @FunctionalInterface
  public interface Handler {
    /**
     * The answer as JSON; null for none, or when the call has been answered otherwise.
     *
     * @throws io.hadal.chat.Problem when it cannot be done
     * @throws io.hadal.platform.Refusal when it may not be done
     */
    @Nullable JsonNode handle(AdminCall call) throws IOException;
  }
}
