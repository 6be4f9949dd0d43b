package io.hadal.server.admin;

import io.hadal.platform.tenancy.Actor;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Learns of every call that changes something, and of every sign-in. */
@FunctionalInterface
public interface AdminAudit {
  /**
   * What was done or tried.
   *
   * @param org organisation whose object it was done to, or whose member tried; null for the system
   * @param action such as {@code key.create} or {@code session.sign_in}
   * @param object what it was done to: its type and id
   * @param outcome {@code ok}, or the code of the refusal
   * @param before how the object was; null when it was not there or cannot be read
   * @param after how it is now; null when it is gone or nothing was done. Neither holds secrets
   */
  record Event(
      @Nullable String org,
      Actor actor,
      String action,
      String object,
      String outcome,
      @Nullable JsonNode before,
      @Nullable JsonNode after,
      String requestId) {}

  /**
   * Called before the answer goes out.
   *
   * @throws RuntimeException when it cannot be written down; the client is told that the call
   *     failed
   */
  void record(Event event);
}
