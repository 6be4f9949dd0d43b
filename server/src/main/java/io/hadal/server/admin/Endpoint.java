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
 * @param told whether the handler itself tells the audit log of what it does, in the transaction
 *     that does it
 */
public record Endpoint(
    String method,
    String path,
    Permission permission,
    String summary,
    Handler handler,
    boolean told) {
  /** One whose calls the audit log learns of when they are over. */
  public Endpoint(
      String method, String path, Permission permission, String summary, Handler handler) {
    this(method, path, permission, summary, handler, false);
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
