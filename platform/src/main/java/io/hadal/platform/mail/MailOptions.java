package io.hadal.platform.mail;

import io.hadal.formats.FormatException;
import io.hadal.platform.SecretText;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where mails go, and how.
 *
 * @param host SMTP server
 * @param port its port
 * @param security how the connection is kept secret
 * @param user name to sign in with; null for none
 * @param password its password; null for none
 * @param from sender
 * @param to who gets them
 */
public record MailOptions(
    String host,
    int port,
    Security security,
    @Nullable String user,
    @Nullable SecretText password,
    String from,
    List<String> to) {
  private static final int MOST_RECIPIENTS = 50;

  /** How a connection is kept secret. */
  public enum Security {
    /** Not at all; for a relay on this machine. */
    NONE,
    /** The server must go over to TLS. */
    STARTTLS,
    /** TLS from the beginning. */
    TLS
  }

  public MailOptions {
    to = List.copyOf(to);
    if (to.isEmpty() || to.size() > MOST_RECIPIENTS) {
      throw new FormatException(
          "platform.alerts.email.to", "must be 1 to " + MOST_RECIPIENTS + " addresses");
    }
    address(from, "platform.alerts.email.from");
    for (String one : to) {
      address(one, "platform.alerts.email.to");
    }
  }

  private static void address(String text, String field) {
    try {
      new InternetAddress(text, true).validate();
    } catch (AddressException e) {
      throw new FormatException(field, "'" + text + "' is no address of mail", e);
    }
  }
}
