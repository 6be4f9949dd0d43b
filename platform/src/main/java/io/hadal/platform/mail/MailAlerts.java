package io.hadal.platform.mail;

import io.hadal.platform.budget.BudgetAlert;
import io.hadal.platform.money.Usd;
import java.time.Instant;

/** Mails when budgets run out. */
public final class MailAlerts implements BudgetAlert.Listener {
  private final Mailer mailer;

  public MailAlerts(Mailer mailer) {
    this.mailer = mailer;
  }

  @Override
  public void raised(BudgetAlert alert) {
    String name = alert.name().replaceAll("\\p{Cntrl}", " ");
    mailer.send(
        "Budget '" + name + "' has reached " + alert.percent() + " %",
        """
        The budget '%s' of the %s %s has reached %d %% of its limit.

        Spent: %s USD
        Limit: %s USD
        Window: from %s%s
        """
            .formatted(
                name,
                alert.scope().text().replace('_', ' '),
                alert.subject(),
                alert.percent(),
                Usd.text(alert.settled()),
                Usd.text(alert.limit()),
                Instant.ofEpochMilli(alert.windowStart()),
                alert.windowEnd() == Long.MAX_VALUE
                    ? ""
                    : " to " + Instant.ofEpochMilli(alert.windowEnd())));
  }
}
