package io.hadal.server;

import io.hadal.platform.Refusal;
import io.hadal.platform.SecretText;
import io.hadal.platform.tenancy.Permission;
import io.hadal.server.admin.AdminApi;
import io.hadal.server.http.Exchange;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who may read the figures. They are of the whole installation, costs among them: with a platform,
 * whoever reads usage everywhere, and a token that opens nothing else. Keys of a file belong to one
 * operator, and open them unless there is a token.
 */
final class MetricsAccess {
  private static final Permission USAGE = Permission.read(Permission.Resource.USAGE);

  private final Consumer<Exchange> others;
  private final boolean platform;
  private final Supplier<@Nullable SecretText> token;

  /**
   * Access to the figures.
   *
   * @param admin who administers; null for nobody
   * @param platform whether keys are those of tenants
   * @param keys makes sure that a request has a key of the file, where there is one
   * @param token opens the figures and nothing else; none for no such
   */
  MetricsAccess(
      @Nullable AdminApi admin,
      boolean platform,
      Consumer<Exchange> keys,
      Supplier<@Nullable SecretText> token) {
    this.platform = platform;
    this.token = token;
    this.others =
        admin != null
            ? exchange -> admin.requireEverywhere(exchange, USAGE)
            : platform ? MetricsAccess::refuse : keys;
  }

  /**
   * Makes sure that a request may have the figures.
   *
   * @throws Refusal when not
   * @throws io.hadal.chat.Problem when not
   */
  void require(Exchange exchange) {
    SecretText known = token.get();
    String given = ApiHandler.key(exchange);
    if (known != null && given != null && same(known.reveal(), given)) {
      return;
    }
    if (known != null && !platform) {
      refuse(exchange);
    }
    others.accept(exchange);
  }

  private static void refuse(Exchange exchange) {
    throw new Refusal(
        Refusal.Reason.UNAUTHENTICATED,
        "Figures need the token of access.metrics_token: send it as 'Authorization: Bearer TOKEN'.");
  }

  private static boolean same(String one, String other) {
    return MessageDigest.isEqual(
        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
  }
}
