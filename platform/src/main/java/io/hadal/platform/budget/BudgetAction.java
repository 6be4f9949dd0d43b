package io.hadal.platform.budget;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What happens when a budget is used up. */
public enum BudgetAction {
  /** Requests are refused, and running ones end. */
  BLOCK,
  /** Somebody is told. */
  ALERT,
  /** Requests for other models than a cheaper one are refused; the caller may ask for that one. */
  DOWNGRADE;

  /** The name in settings. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The action of a name; null for none. */
  public static @Nullable BudgetAction of(String text) {
    for (BudgetAction action : values()) {
      if (action.text().equals(text)) {
        return action;
      }
    }
    return null;
  }
}
