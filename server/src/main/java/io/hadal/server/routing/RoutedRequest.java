package io.hadal.server.routing;

import io.hadal.platform.tenancy.Identity;
import io.hadal.platform.usage.Work;
import io.hadal.server.routing.body.RequestView;
import io.hadal.server.routing.body.SessionKey;
import io.hadal.server.wire.Call;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to an upstream.
 *
 * @param alias name of the model as the client wrote it, also when a fallback answers
 * @param zdr whether nothing of it may be kept
 */
record RoutedRequest(
    Call call, RequestView view, Identity identity, SessionKey session, String alias, boolean zdr) {
  private static final int MOST_TAGS = 10;
  private static final int MOST_KEY = 40;
  private static final int MOST_VALUE = 80;

  /** What an attempt is recorded as. */
  Work work(int attempt, Candidate candidate) {
    return new Work(
        identity,
        call.requestId(),
        attempt,
        call.dialect().name().toLowerCase(Locale.ROOT),
        view.operation().label(),
        alias,
        candidate.version(),
        candidate.name(),
        view.promptTokens(),
        view.maxOutput(),
        null,
        session.given() == null ? null : Long.toHexString(session.value()),
        tags(call.exchange().header("x-hadal-tags")));
  }

  /** Tags {@code k=v,k2=v2}; what is none is left out. */
  static Map<String, String> tags(@Nullable String header) {
    Map<String, String> tags = new LinkedHashMap<>();
    if (header == null) {
      return tags;
    }
    for (String pair : header.split(",", -1)) {
      int equals = pair.indexOf('=');
      String key = equals < 0 ? "" : pair.substring(0, equals).strip();
      String value = equals < 0 ? "" : pair.substring(equals + 1).strip();
      if (!key.isEmpty()
          && key.length() <= MOST_KEY
          && value.length() <= MOST_VALUE
          && tags.size() < MOST_TAGS) {
        tags.put(key, value);
      }
    }
    return tags;
  }

  /** The same request for another model. */
  RoutedRequest withView(RequestView other) {
    return new RoutedRequest(call, other, identity, session, alias, zdr);
  }
}
