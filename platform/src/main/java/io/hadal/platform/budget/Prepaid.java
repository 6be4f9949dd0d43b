package io.hadal.platform.budget;

import org.jdbi.v3.core.Handle;

/** What projects have paid ahead, as far as it bounds what they may spend. */
public final class Prepaid {
  private Prepaid() {}

  /**
   * Adds to the balance of a project, in the transaction that books it. From its first credit on, a
   * project pays in advance; nodes know within a second.
   *
   * @param amount nano-USD; negative to take away
   * @param ref a name that makes it happen once
   * @param now milliseconds since 1970
   * @return false when this reference was credited before
   */
  public static boolean credit(Handle handle, String project, long amount, String ref, long now) {
    return BudgetStore.credit(handle, project, amount, ref, now);
  }

  /**
   * Adds what is given back or corrected to the balance of a project that pays in advance. One that
   * does not goes on as before: it would be refused as soon as what it got is used up.
   *
   * @return false when this reference was credited before, or there is no balance
   */
  public static boolean correct(Handle handle, String project, long amount, String ref, long now) {
    return BudgetStore.paysAhead(handle, project)
        && BudgetStore.credit(handle, project, amount, ref, now);
  }
}
