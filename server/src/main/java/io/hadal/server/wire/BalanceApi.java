package io.hadal.server.wire;

import io.hadal.platform.ledger.Balance;
import io.hadal.platform.tenancy.Identity;
import io.hadal.server.http.HttpProblem;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code GET /user/balance}: what the key's project has paid ahead, or what budgets leave to one
 * that does not (api.md 8.5).
 */
public final class BalanceApi {
  private static final int NANO_DIGITS = 9;

  private final Function<String, Balance> balances;
  private final Predicate<String> paysAhead;
  private final Function<Identity, @Nullable Long> budgetLeft;

  /**
   * An API over balances of projects.
   *
   * @param balances nano-USD by project
   * @param paysAhead whether a project may only use what it has paid ahead
   * @param budgetLeft what budgets leave to a key, nano-USD; null without one
   */
  public BalanceApi(
      Function<String, Balance> balances,
      Predicate<String> paysAhead,
      Function<Identity, @Nullable Long> budgetLeft) {
    this.balances = balances;
    this.paysAhead = paysAhead;
    this.budgetLeft = budgetLeft;
  }

  /** Answers. */
  public void handle(Call call) {
    Identity identity = call.meter().identity();
    if (identity == null) {
      throw HttpProblem.notFound("balance");
    }
    boolean ahead = paysAhead.test(identity.project());
    Long left = ahead ? null : budgetLeft.apply(identity);
    Balance balance =
        left == null ? balances.apply(identity.project()) : new Balance(left, 0, left, 0);
    ObjectNode json =
        WireJson.object().put("is_available", balance.prepaid() > 0 || (!ahead && left == null));
    json.putArray("balance_infos")
        .addObject()
        .put("currency", "USD")
        .put("total_balance", usd(balance.prepaid()))
        .put("granted_balance", usd(balance.granted()))
        .put("topped_up_balance", usd(balance.toppedUp()));
    Responders.json(call, 200, json);
  }

  /** Rounded down: nobody is told of money that is not there. */
  private static String usd(long nano) {
    return BigDecimal.valueOf(nano, NANO_DIGITS).setScale(2, RoundingMode.FLOOR).toPlainString();
  }
}
