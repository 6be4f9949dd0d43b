package io.hadal.platform.budget;

import java.util.SortedMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** What projects have paid ahead, as far as it bounds what they may spend. */
public final class Prepaid {
  /** Ids of holds end so that took nothing out of a balance: the project did not pay ahead then. */
  static final String AFTERWARDS = "~";

  private Prepaid() {}

  /**
   * Adds to the balance of a project, in the transaction that books it. From its first credit on, a
   * project pays in advance; nodes know within a second. What it owes by then is paid first.
   *
   * @param amount nano-USD; negative to take away
   * @param before what the books have for it without that amount; below zero when it owes
   * @param ref a name that makes it happen once
   * @param now milliseconds since 1970
   * @return false when this reference was credited before
   */
  public static boolean credit(
      Handle handle, String project, long amount, long before, String ref, long now) {
    return BudgetStore.credit(handle, project, amount, before, ref, now);
  }

  /**
   * Adds what is given back or corrected to the balance of a project that pays in advance. One that
   * does not goes on as before: it would be refused as soon as what it got is used up.
   *
   * @return false when this reference was credited before, or there is no balance
   */
  public static boolean correct(Handle handle, String project, long amount, String ref, long now) {
    return BudgetStore.paysAhead(handle, project)
        && BudgetStore.credit(handle, project, amount, 0, ref, now);
  }

  /** Whether what was held under an id came out of the balance, too, where there was one. */
  public static boolean heldFrom(@Nullable String holdId) {
    return holdId != null && !holdId.endsWith(AFTERWARDS);
  }

  /**
   * Takes what requests cost that held nothing of the balance: they were admitted before the first
   * credit, and came into the books behind it. To be called in the transaction that books them.
   *
   * @param costs nano-USD by project, in the order of its names; others than those that pay in
   *     advance are left out
   */
  public static void spentAfterwards(Handle handle, SortedMap<String, Long> costs) {
    costs.forEach((project, cost) -> BudgetStore.spent(handle, project, cost));
  }
}
