package io.hadal.platform.budget;

import io.hadal.platform.lease.Pool;
import io.hadal.platform.lease.Window;
import io.hadal.platform.limits.LimitScope;
import java.time.ZoneId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A budget as it is set.
 *
 * @param org organisation it belongs to; null for all
 * @param scopeId whom it is for, or {@code *} for each one by itself
 * @param zone where its days begin
 * @param limit nano-USD in a window
 * @param softPercents percents of the limit at which somebody is told
 * @param downgradeTo alias of the cheaper model; null without that action
 * @param carryOver whether a window gets what the one before left
 * @param createdAt milliseconds since 1970
 * @param createdBy name of who set it
 */
public record Budget(
    String id,
    @Nullable String org,
    LimitScope scope,
    String scopeId,
    String name,
    Window window,
    ZoneId zone,
    long limit,
    List<Integer> softPercents,
    BudgetAction action,
    @Nullable String downgradeTo,
    boolean carryOver,
    long createdAt,
    String createdBy) {
  /** Largest limit, nano-USD: a billion USD. */
  public static final long MOST = 1_000_000_000_000_000_000L;

  public Budget {
    softPercents = softPercents.stream().sorted().distinct().toList();
  }

  /** Beginning of the names of its pools. */
  String prefix() {
    return Budgets.PREFIX + id + "/";
  }

  Pool pool(String subject) {
    return new Pool(prefix() + subject, window, zone, limit, carryOver, false);
  }
}
